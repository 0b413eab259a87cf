/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads a trace (../trace/writer.mjs): events and their operands, one after the
 * other. Whatever is not as expected ends the program.
 */
#ifndef TAPE_H
#define TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wasmtime.h>

enum op {
  OP_END,
  OP_INSTANTIATE,
  OP_CALL,
  OP_CALL_ELEMENT,
  OP_RETURN,
  OP_THROW,
  OP_IMPORT,
  OP_IMPORT_RETURN,
  OP_IMPORT_THROW,
  OP_WRITE,
  OP_GROW,
  OP_TABLE_SET,
  OP_TABLE_GROW,
  OP_GLOBAL_SET,
  OP_HOST_FUNCTION,
  OP_MEMORY,
  OP_JOB
};

struct text {
  const char *bytes;
  size_t length;
};

/** A value of JavaScript: see writer.mjs for the tags. */
struct value {
  char tag;
  double amount; /* of i, d and b */
  int64_t whole; /* of q, and the number of r and h */
};

struct tape {
  const uint8_t *next, *end;
  size_t events; /* that were read */
};

enum op tape_op(struct tape *tape);
uint64_t tape_number(struct tape *tape);
struct text tape_text(struct tape *tape);
struct value tape_value(struct tape *tape);

/** As an engine of JavaScript converts it to that type; the caller unroots. */
wasmtime_val_t value_to(wasmtime_context_t *context, struct value value,
                        wasmtime_valkind_t kind);

/** Whether an engine of JavaScript would make that value of `actual`. */
bool value_is(wasmtime_context_t *context, struct value value,
              const wasmtime_val_t *actual);

#endif
