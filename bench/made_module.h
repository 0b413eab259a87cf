/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Modules made for measuring: of any size, the same bytes each time. A made
 * module has a memory, a signal word, and functions that all look alike.
 */
#ifndef BENCH_MADE_MODULE_H
#define BENCH_MADE_MODULE_H

#include <stddef.h>
#include <stdint.h>

struct made_module {
  uint8_t *bytes;
  size_t length, capacity;
};

/* What bodies are made of. */
enum made_body {
  MADE_ARITHMETIC, /* arithmetic and loads, one after the other */
  MADE_LOOPS,      /* short loops, and in each a call of the next function */
};

/* `count` functions of `size` bytes each. False: no memory. */
_Bool made_module_create(struct made_module *module, enum made_body body,
                         size_t count, size_t size);
void made_module_destroy(struct made_module *module);

#endif
