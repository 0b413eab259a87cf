/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Allocations that fail, for one source file of a program that is linked with
 * --wrap of malloc, calloc, realloc and free: the one before which there are
 * `until_failure` others.
 */
#ifndef WSIG_TEST_FAILING_H
#define WSIG_TEST_FAILING_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static int until_failure = -1; /* -1: none fails */
static int failed;
static long outstanding; /* allocated and not freed */

static bool fails(void) {
  if (until_failure < 0 || until_failure-- > 0) return false;
  failed++;
  return true;
}

static void *counted(void *memory) {
  if (memory) outstanding++;
  return memory;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : counted(__real_malloc(size));
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : counted(__real_calloc(count, size));
}
void *__wrap_realloc(void *memory, size_t size) {
  if (fails()) return NULL;
  return memory ? __real_realloc(memory, size)
                : counted(__real_realloc(memory, size));
}
void __wrap_free(void *memory) {
  if (memory) outstanding--;
  __real_free(memory);
}

#endif
