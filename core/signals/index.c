/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Index: see index.h.
 *
 * An entry is at its key's home or after it, with no free entry in between: a
 * probe relies on that, because it stops at a free entry. A removal moves back
 * the entries after it that would otherwise be cut off from their homes (Knuth,
 * The Art of Computer Programming 3, 6.4, algorithm R).
 */
#include "signals/index.h"

#include <stdlib.h>

#define LEAST_CAPACITY 16u

static uint32_t home_of(const struct wsig_index *index, uintptr_t key) {
  /* Fibonacci hashing. Bases are multiples of a page, so the upper half of the
   * product is used. */
  uint64_t hash = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(hash >> 32) & (index->capacity - 1);
}

void wsig_index_insert(struct wsig_index *index, uintptr_t key,
                       uint32_t number) {
  uint32_t at = home_of(index, key);
  while (index->entries[at]) at = (at + 1) & (index->capacity - 1);
  index->entries[at] = number + 1;
  index->count++;
}

bool wsig_index_reserve(struct wsig_index *index, wsig_key_of key_of,
                        const void *owner) {
  if (index->count < index->capacity - index->capacity / 4) return true;
  uint32_t capacity = index->capacity ? 2 * index->capacity : LEAST_CAPACITY;
  struct wsig_index wider = {.capacity = capacity};
  if (capacity == 0) return false; /* 2^32 entries */
  wider.entries = calloc(capacity, sizeof *wider.entries);
  if (!wider.entries) return false;
  for (uint32_t i = 0; i < index->capacity; i++) {
    if (!index->entries[i]) continue;
    uint32_t number = index->entries[i] - 1;
    wsig_index_insert(&wider, key_of(owner, number), number);
  }
  free(index->entries);
  *index = wider;
  return true;
}

void wsig_index_remove(struct wsig_index *index, wsig_key_of key_of,
                       const void *owner, uintptr_t key, uint32_t number) {
  uint32_t mask = index->capacity - 1;
  uint32_t hole = home_of(index, key);
  while (index->entries[hole] != number + 1) hole = (hole + 1) & mask;
  for (uint32_t at = (hole + 1) & mask; index->entries[at];
       at = (at + 1) & mask) {
    uint32_t home = home_of(index, key_of(owner, index->entries[at] - 1));
    /* Its home is not after the hole: it may move there. */
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      index->entries[hole] = index->entries[at];
      hole = at;
    }
  }
  index->entries[hole] = 0;
  index->count--;
}

bool wsig_index_next(const struct wsig_index *index, wsig_key_of key_of,
                     const void *owner, uintptr_t key, uint32_t *at,
                     uint32_t *number) {
  if (index->capacity == 0) return false;
  uint32_t mask = index->capacity - 1;
  for (uint32_t home = home_of(index, key);; ++*at) {
    uint32_t entry = index->entries[(home + *at) & mask];
    if (!entry) return false;
    if (key_of(owner, entry - 1) != key) continue;
    *number = entry - 1;
    ++*at;
    return true;
  }
}

void wsig_index_free(struct wsig_index *index) {
  free(index->entries);
  *index = (struct wsig_index){0};
}
