/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An instance's words: their checks, their addresses, and which words two
 * instances in one memory may share.
 */
#ifndef WSIG_WORDS_H
#define WSIG_WORDS_H

#include "wasmsig/host.h"

#include <stdbool.h>
#include <stdint.h>

/* A guest's integers are little-endian. They are read and written as our own.
 */
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

/* Which words of a new instance belong to a tracked instance already. */
struct wsig_owned {
  bool signal;
  bool pending;
};

/* Copies the caller's struct, of any version. EINVAL: of no known version. */
int wsig_words_copy(wasmsig_words *words, const wasmsig_words *given);

/* Checks bounds, alignment, overlap among the four, class. An error code. */
int wsig_words_check(const wasmsig_words *words);

/* The addresses of the checked words. */
struct wsig_placed wsig_words_place(const wasmsig_words *words);

/* Whether a new instance's words may be in the same memory as another's: each
 * word overlaps none of the other's, or is the same word in the same role,
 * which `owned` then notes. EOVERLAP if not. */
int wsig_words_check_against(const struct wsig_placed *mine,
                             const struct wsig_placed *other,
                             struct wsig_owned *owned);

/* Sets the signal word and the pending set to 0, except for owned ones: a
 * signal that waits there would be lost. GUARDED memory is written by the
 * system; false if it refuses. */
bool wsig_words_zero(const struct wsig_placed *placed,
                     const struct wsig_owned *owned,
                     wasmsig_memory_class memory_class);

#endif
