/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "made_module.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER                                                   \
  5 /* bytes of a number: always, so that sizes are known before \
     */
#define FUNCTION_EXTRA (1 + NUMBER) /* its type, and its size */
#define REST 256                    /* all other bytes, at most */

/* Within the capacity, by made_module_create. */
static void put(struct made_module *module, const void *bytes, size_t length) {
  memcpy(module->bytes + module->length, bytes, length);
  module->length += length;
}

#define put_literal(module, literal) put(module, literal, sizeof(literal) - 1)

static void put_number(struct made_module *module, size_t number) {
  uint8_t bytes[NUMBER];
  for (int i = 0; i < NUMBER; i++)
    bytes[i] =
        (uint8_t)((number >> 7 * i & 0x7f) | (i < NUMBER - 1 ? 0x80 : 0));
  put(module, bytes, sizeof bytes);
}

static void put_arithmetic(struct made_module *module) {
  put_literal(module,
              "\x20\0"         /* local.get 0 */
              "\x41\xff\0\x6a" /* i32.const 127, i32.add */
              "\x28\2\x10"     /* i32.load align=4 offset=16 */
              "\x21\1");       /* local.set 1 */
}

static void put_loop(struct made_module *module, size_t callee) {
  put_literal(module, "\x03\x40\x10"); /* loop, call */
  put_number(module, callee);
  put_literal(module,
              "\x20\0\x41\1\x6a\x22\0" /* local 0 becomes one more */
              "\x41\x0a\x49\x0d\0"     /* again while it is less than 10 */
              "\x0b");                 /* end */
}

/* Bytes of one of the above. */
static const size_t step_of[] = {[MADE_ARITHMETIC] = 11, [MADE_LOOPS] = 21};

static void put_body(struct made_module *module, enum made_body body,
                     size_t size, size_t callee) {
  put_number(module, size);
  size_t last = module->length + size - 1;
  put_literal(module, "\1\2\x7f"); /* two locals, i32 */
  while (last - module->length >= step_of[body]) {
    if (body == MADE_LOOPS)
      put_loop(module, callee);
    else
      put_arithmetic(module);
  }
  while (module->length < last) put_literal(module, "\1"); /* nop */
  put_literal(module, "\x0b");
}

static void put_module(struct made_module *module, enum made_body body,
                       size_t count, size_t size) {
  put_literal(module,
              "\0asm\1\0\0\0"
              "\1\4\1\x60\0\0" /* the type of all functions */
              "\3");
  put_number(module, NUMBER + count);
  put_number(module, count);
  for (size_t i = 0; i < count; i++) put_literal(module, "\0");
  put_literal(module,
              "\5\3\1\0\2"                   /* a memory */
              "\6\7\1\x7f\0\x41\x80\x08\x0b" /* the word's address */
              "\7\x1e\2\6memory\2\0\x11__instance_signal\3\0"
              "\x0a");
  put_number(module, NUMBER + count * (NUMBER + size));
  put_number(module, count);
  for (size_t i = 0; i < count; i++)
    put_body(module, body, size, (i + 1) % count);
}

bool made_module_create(struct made_module *module, enum made_body body,
                        size_t count, size_t size) {
  size_t capacity = REST + count * (size + FUNCTION_EXTRA);
  *module = (struct made_module){malloc(capacity), 0, capacity};
  if (!module->bytes) return false;
  put_module(module, body, count, size);
  return true;
}

void made_module_destroy(struct made_module *module) {
  free(module->bytes);
  *module = (struct made_module){0};
}
