/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An instance's words: where they lie once they are checked, and how two
 * instances' words may meet in one memory.
 */
#ifndef WSIG_WORDS_H
#define WSIG_WORDS_H

#include "wasmsig/host.h"

#include <stdbool.h>
#include <stdint.h>

/* A guest's integers are little-endian, and are read and written as our own. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "wasmsig knows little-endian processors only: words would be swapped"
#endif

/* NULL: no such word. */
struct wsig_placed {
  uint32_t *signal;
  uint32_t *terminated;
  uint64_t *pending;
  const uint64_t *handled;
};

/* Which words an instance that is tracked already shares with a new one. */
struct wsig_known {
  bool signal;
  bool pending;
};

/* Copies what the caller gave, of whichever version. EINVAL: of none. */
int wsig_words_copy(wasmsig_words *words, const wasmsig_words *given);

/* Bounds, alignment, overlap among the four, class. An error code. */
int wsig_words_check(const wasmsig_words *words);

/* The checked words' places. */
struct wsig_placed wsig_words_place(const wasmsig_words *words);

/* Whether a new instance's words may lie where another's do: each word apart
 * from all of the other's, or the same word in the same role, which `known`
 * then notes. EOVERLAP if not. */
int wsig_words_meet(const struct wsig_placed *mine,
                    const struct wsig_placed *other, struct wsig_known *known);

/* The signal word and the pending set become 0, but for those that are known:
 * a signal that waits there would be lost. GUARDED memory is written by the
 * system; false if it refuses. */
bool wsig_words_zero(const struct wsig_placed *placed,
                     const struct wsig_known *known,
                     wasmsig_memory_class memory_class);

/* The words of SHARED memories are known to the whole process (words.c). */

/* One more owner of these words; the first one zeroes them. EOVERLAP, ENOMEM:
 * nothing was written. */
int wsig_shared_join(uintptr_t base, const struct wsig_placed *placed);

/* One owner less. */
void wsig_shared_part(uintptr_t base, const struct wsig_placed *placed);

/* Around a fork: no other thread may hold the lock of the shared words. */
void wsig_shared_lock(void);
void wsig_shared_unlock(void);

#endif
