/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arena: see arena.h. */
#include "arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LINE 64u /* bytes of a cache line */
#define LINES (ARENA_MEMORY / LINE)

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). */
uint64_t arena_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

void arena_shuffle(uint32_t *numbers, size_t count, uint64_t *state) {
  for (size_t i = count; i > 1; i--) {
    size_t j = (size_t)(arena_random(state) % i);
    uint32_t swapped = numbers[i - 1];
    numbers[i - 1] = numbers[j];
    numbers[j] = swapped;
  }
}

/* All pages are mapped before anything is measured. */
static void touch(struct arena *arena) {
  for (size_t i = 0; i < arena->count; i++) {
    volatile char *byte = arena->base + i * ARENA_MEMORY;
    *byte = 0;
  }
}

_Bool arena_create(struct arena *arena, size_t count) {
  size_t size = count * ARENA_MEMORY;
  uint64_t state = 1;
  arena->count = count;
  arena->page = malloc(count * sizeof *arena->page);
  arena->base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!arena->page || arena->base == MAP_FAILED) return 0;
  /* A huge page would merge 512 memories. Kernels without them refuse. */
  madvise(arena->base, size, MADV_NOHUGEPAGE);
  touch(arena);
  for (size_t i = 0; i < count; i++) arena->page[i] = (uint32_t)i;
  arena_shuffle(arena->page, count, &state);
  return 1;
}

void arena_destroy(struct arena *arena) {
  munmap(arena->base, arena->count * ARENA_MEMORY);
  free(arena->page);
}

char *arena_memory(const struct arena *arena, size_t number) {
  return arena->base + arena->page[number] * ARENA_MEMORY;
}

uint64_t arena_offset(const struct arena *arena, size_t number) {
  uint64_t state = arena->page[number];
  return arena_random(&state) % LINES * LINE;
}

struct places arena_places(const struct arena *arena, size_t number) {
  char *at = arena_memory(arena, number) + arena_offset(arena, number);
  return (struct places){
      .signal = (uint32_t *)(void *)(at + ARENA_SIGNAL),
      .terminated = (uint32_t *)(void *)(at + ARENA_TERMINATED),
      .pending = (uint64_t *)(void *)(at + ARENA_PENDING)};
}
