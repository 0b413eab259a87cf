/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Arena: replaces the linear memories of many instances. Each has a page of its
 * own, with its own entry in the page tables. Its words have a different offset
 * in each page, so that they do not compete for the same few sets of a cache.
 * Memories are numbered in a random order, the same for all contenders.
 */
#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

#include "rivals.h"

#include <stddef.h>
#include <stdint.h>

#define ARENA_MEMORY ((size_t)4096) /* bytes of a memory */

struct arena {
  char *base;
  uint32_t *page; /* of each memory */
  size_t count;
};

/* False: no memory, or no permission. */
_Bool arena_create(struct arena *arena, size_t count);
void arena_destroy(struct arena *arena);

char *arena_memory(const struct arena *arena, size_t number);

/* Where in its memory an instance's words begin: the pending set (8 bytes), the
 * signal word (4) and the terminated word (4), side by side as a linker puts
 * them. */
uint64_t arena_offset(const struct arena *arena, size_t number);
struct places arena_places(const struct arena *arena, size_t number);
#define ARENA_PENDING 0
#define ARENA_SIGNAL 8
#define ARENA_TERMINATED 12

/* Random numbers that are the same in every run. */
uint64_t arena_random(uint64_t *state);
void arena_shuffle(uint32_t *numbers, size_t count, uint64_t *state);

#endif
