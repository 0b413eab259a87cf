/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Heap: what is freed is overwritten, and how much is in use. glibc does and
 * knows both. A program for musl, which does neither, is linked with --wrap of
 * malloc, calloc, realloc, aligned_alloc and free (test/fault/CMakeLists.txt).
 */
#ifndef WSIG_TEST_HEAP_H
#define WSIG_TEST_HEAP_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__

/* With a value that makes no address; 0: it is not overwritten. */
static inline void overwrite_what_is_freed(int value) {
  mallopt(M_PERTURB, value);
}

static inline size_t heap_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

#else

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

static int freed_value;
static size_t heap_in_use; /* atomic */

static inline void overwrite_what_is_freed(int value) { freed_value = value; }

static inline size_t heap_bytes(void) {
  return __atomic_load_n(&heap_in_use, __ATOMIC_RELAXED);
}

static void *heap_more(void *memory) {
  if (memory)
    __atomic_add_fetch(&heap_in_use, malloc_usable_size(memory),
                       __ATOMIC_RELAXED);
  return memory;
}

static void *heap_less(void *memory) {
  if (memory)
    __atomic_sub_fetch(&heap_in_use, malloc_usable_size(memory),
                       __ATOMIC_RELAXED);
  return memory;
}

void *__wrap_malloc(size_t size) { return heap_more(__real_malloc(size)); }
void *__wrap_calloc(size_t count, size_t size) {
  return heap_more(__real_calloc(count, size));
}
void *__wrap_realloc(void *memory, size_t size) {
  return heap_more(__real_realloc(heap_less(memory), size));
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return heap_more(__real_aligned_alloc(alignment, size));
}
void __wrap_free(void *memory) {
  if (freed_value && memory)
    memset(memory, freed_value, malloc_usable_size(memory));
  __real_free(heap_less(memory));
}

#endif

#endif
