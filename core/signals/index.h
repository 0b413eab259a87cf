/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Index: finds numbers by a key that their owner stores. Open addressing with
 * linear probing, four bytes an entry; a callback answers the keys. Several
 * numbers may have the same key. Only one thread at a time may use it.
 */
#ifndef WSIG_INDEX_H
#define WSIG_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct wsig_index {
  uint32_t *entries; /* number + 1; 0: free */
  uint32_t capacity; /* a power of two, or 0 */
  uint32_t count;
};

/* The key of a number that is in the index. */
typedef uintptr_t (*wsig_key_of)(const void *owner, uint32_t number);

/* Makes room for one more number. False: no memory, nothing changed. */
bool wsig_index_reserve(struct wsig_index *index, wsig_key_of key_of,
                        const void *owner);

/* Adds a number. Room was reserved. */
void wsig_index_insert(struct wsig_index *index, uintptr_t key,
                       uint32_t number);

/* Removes a number, which is in the index. */
void wsig_index_remove(struct wsig_index *index, wsig_key_of key_of,
                       const void *owner, uintptr_t key, uint32_t number);

/* Answers the numbers of a key in turn: begin with *at = 0; false at the end.
 */
bool wsig_index_next(const struct wsig_index *index, wsig_key_of key_of,
                     const void *owner, uintptr_t key, uint32_t *at,
                     uint32_t *number);

/* Frees its memory; it is empty afterwards. */
void wsig_index_free(struct wsig_index *index);

#endif
