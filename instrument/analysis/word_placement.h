/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finds a place for the words in a module that has none. */
#ifndef WSIG_INSTRUMENT_WORD_PLACEMENT_H
#define WSIG_INSTRUMENT_WORD_PLACEMENT_H

#include "analysis/place_reason.h"
#include "analysis/scan.h"
#include "wasmsig/instrument.h"

/** The size of the words: signal at 0, terminated at 4, pending at 8, handled
 * at 16. */
#define WSIG_WORDS_SIZE 24
#define WSIG_WORDS_ALIGNMENT 16

struct wsig_word_placement {
  wasmsig_word_placement kind;
  /** The index of their memory. If it is not 0, the memory is a memory of the
   * words' own: the module exports it, and no words. */
  uint32_t memory;
  uint64_t address; /* a multiple of WSIG_WORDS_ALIGNMENT */
};

/** One reason for each place: wasmsig_instrumented.reasons. */
typedef char wsig_reasons[WASMSIG_WORDS_COUNT][WASMSIG_REASON_MAX];

/** Takes the first place of `permitted` (WASMSIG_WORDS_IN) that suits the
 * module. Errors: ENOMEM; 1: none does, and `reasons` says why. */
int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, uint32_t permitted,
                             wsig_reasons reasons);

/** The places that are not permitted, and suit the module. */
uint32_t wsig_word_placement_others(const struct wsig_scan *scan,
                                    uint32_t permitted, wsig_reasons reasons);

#endif
