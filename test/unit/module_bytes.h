/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Modules written by hand, byte by byte:
 *
 *     struct module *module = module_begin();
 *     section(module, MEMORIES, "\1\0\2");         // a string of bytes
 *     assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
 *
 * Bytes come as string literals, NULs in them, without the one at the end.
 */
#ifndef WSIG_TEST_MODULE_BYTES_H
#define WSIG_TEST_MODULE_BYTES_H

#include "support.h"
#include "wasmsig/module.h"

enum section_number {
  CUSTOM,
  TYPES,
  IMPORTS,
  FUNCTIONS,
  TABLES,
  MEMORIES,
  GLOBALS,
  EXPORTS,
  START,
  ELEMENTS,
  CODE,
  DATA,
  DATA_COUNT,
  TAGS,
};

#define MODULE_MOST 65536

struct module {
  size_t length;
  uint8_t bytes[MODULE_MOST];
};

static inline void put_bytes(struct module *module, const void *bytes,
                             size_t length) {
  if (length > MODULE_MOST - module->length) abort();
  memcpy(module->bytes + module->length, bytes, length);
  module->length += length;
}

static inline void put_u32(struct module *module, uint32_t number) {
  do {
    uint8_t byte = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    put_bytes(module, &byte, 1);
    number >>= 7;
  } while (number > 0);
}

#define put(module, literal) put_bytes(module, literal, sizeof(literal) - 1)

/* The one module of a test: magic number and version. */
static inline struct module *module_begin(void) {
  static struct module module;
  module.length = 0;
  put(&module, "\0asm\1\0\0\0");
  return &module;
}

static inline void section_bytes(struct module *module, uint8_t number,
                                 const void *bytes, size_t length) {
  put_bytes(module, &number, 1);
  put_u32(module, (uint32_t)length);
  put_bytes(module, bytes, length);
}

#define section(module, number, literal) \
  section_bytes(module, number, literal, sizeof(literal) - 1)

/* ---------------------------------------------------------------- reports */

/* Of the last inspection; released by the next one and at the end. */
static wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;

static inline int release_report(void **unused_state) {
  (void)unused_state;
  wasmsig_module_report_release(&report);
  return 0;
}

/* In memory of exactly its length, so that a read past it is noticed. */
static inline void inspect_bytes(const uint8_t *bytes, size_t length,
                                 bool polls) {
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = polls;
  release_report(NULL);
  uint8_t *copy = malloc(length > 0 ? length : 1);
  if (!copy) abort();
  memcpy(copy, bytes, length);
  int error = wasmsig_module_inspect(copy, length, &options, &report);
  free(copy);
  assert_int_equal(error, WASMSIG_OK);
}

static inline void inspect(const struct module *module) {
  inspect_bytes(module->bytes, module->length, false);
}

static inline void inspect_polls(const struct module *module) {
  inspect_bytes(module->bytes, module->length, true);
}

#define assert_verdict(module, expected)                      \
  do {                                                        \
    inspect(module);                                          \
    assert_string_equal(wasmsig_verdict_code(report.verdict), \
                        wasmsig_verdict_code(expected));      \
  } while (0)

/* At `at` the binary breaks the rules. */
#define assert_malformed(module, at)                   \
  do {                                                 \
    assert_verdict(module, WASMSIG_VERDICT_MALFORMED); \
    assert_non_null(report.detail);                    \
    assert_int_equal(report.offset, at);               \
  } while (0)

/* At `at` it uses what nobody uses yet. */
#define assert_newer(module, at)                   \
  do {                                             \
    assert_verdict(module, WASMSIG_VERDICT_NEWER); \
    assert_non_null(report.detail);                \
    assert_int_equal(report.offset, at);           \
  } while (0)

/* ---------------------------------------------------------- whole modules */

/* One memory of two pages, and the word at 1024, both exported. */
static inline struct module *tracked_module(void) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\2\6memory\2\0"
          "\x11__instance_signal\3\0");
  return module;
}

/* All kinds of sections, types, segments and constant expressions. */
static inline struct module *rich_module(void) {
  struct module *module = module_begin();
  section(module, CUSTOM, "\5first\1\2\3");
  section(module, TYPES,
          "\5"
          "\x60\2\x7f\x7e\1\x7b"               /* 0: function */
          "\x4e\2"                             /* a group of two */
          "\x50\0\x5f\2\x78\1\x63\2\0"         /* 1: structure, i8 and type 2 */
          "\x4f\1\1\x5f\3\x78\1\x63\2\0\x77\1" /* 2: below 1 */
          "\x5e\x7f\1"                         /* 3: array of i32 */
          "\x60\0\0"                           /* 4: function */
          "\x50\0\x60\1\x64\x70\1\x6e");       /* 5: open function */
  section(module, IMPORTS,
          "\5"
          "\1a\1f\0\4"
          "\1a\1t\1\x70\1\1\2"
          "\1a\1m\2\1\1\x10"
          "\1a\1g\3\x7f\0"
          "\1a\1x\4\0\4");
  section(module, FUNCTIONS, "\2\4\4");
  section(module, TABLES,
          "\3"
          "\x70\0\1"
          "\x63\3\5\1\2"
          "\x40\0\x64\x70\0\1\xd2\0\x0b");
  section(module, MEMORIES, "\2\3\1\2\5\1\2");
  section(module, TAGS, "\1\0\4");
  section(module, GLOBALS,
          "\x0d"
          "\x7f\0\x41\x80\x08\x0b"                         /* 1: 1024 */
          "\x7f\0\x23\1\x41\4\x6a\x0b"                     /* 2: 1028 */
          "\x7f\0\x41\3\x23\1\x6c\x41\x78\x6b\x0b"         /* 3: 3080 */
          "\x7f\0\x23\0\x41\4\x6a\x0b"                     /* 4: a.g + 4 */
          "\x7e\0\x42\2\x42\3\x7c\x42\5\x7e\x42\1\x7d\x0b" /* 5: 24 */
          "\x7d\1\x43\1\2\3\4\x0b"
          "\x7c\0\x44\1\2\3\4\5\6\7\x08\x0b"
          "\x7b\0\xfd\x0c\1\2\3\4\5\6\7\x08\1\2\3\4\5\6\7\x08\x0b"
          "\x70\0\xd2\1\x0b"
          "\x6f\0\xd0\x6f\x0b"
          "\x64\1\0\x41\1\xd0\2\xfb\0\1\x0b"
          "\x63\3\0\x41\1\x41\2\xfb\x08\3\2\x0b"
          "\x6e\0\xd0\x6f\xfb\x1a\x0b");
  section(module, EXPORTS,
          "\6"
          "\x11__instance_signal\3\1"
          "\x15__instance_terminated\3\2"
          "\x19__instance_signal_pending\3\3"
          "\6memory\2\0"
          "\3run\0\1"
          "\3tag\4\1");
  section(module, START, "\2");
  section(module, ELEMENTS,
          "\x08"
          "\0\x41\0\x0b\1\1"
          "\1\0\1\0"
          "\2\1\x41\0\x0b\0\1\1"
          "\3\0\1\2"
          "\4\x41\0\x0b\1\xd2\1\x0b"
          "\5\x70\1\xd0\x70\x0b"
          "\6\0\x41\0\x0b\x70\1\xd2\1\x0b"
          "\7\x6f\1\xd0\x6f\x0b");
  section(module, DATA_COUNT, "\3");
  section(module, CODE,
          "\2"
          "\x1a\2\1\x7f\2\x63\1"
          "\3\x40\x41\0\xfe\x10\2\x80\x08\x0d\0\x0b" /* an atomic poll */
          "\x41\x80\x08\x28\2\0\x1a"                 /* a plain one */
          "\x0b"
          "\2\0\x0b");
  section(module, DATA,
          "\3"
          "\0\x41\0\x0b\2hi"
          "\1\3abc"
          "\2\1\x41\0\x0b\1z");
  section(module, CUSTOM, "\4name\1\7\1\1\4loop");
  section(module, CUSTOM, "\4last");
  return module;
}

#endif
