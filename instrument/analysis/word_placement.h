/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Room for words in a module that has none. */
#ifndef WSIG_INSTRUMENT_WORD_PLACEMENT_H
#define WSIG_INSTRUMENT_WORD_PLACEMENT_H

#include "analysis/scan.h"
#include "wasmsig/instrument.h"

/** The bytes of the words: signal at 0, terminated at 4, pending at 8. In a
 * page of its own, handled comes behind them at 16. */
#define WSIG_WORDS_SIZE 16

struct wsig_word_placement {
  wasmsig_word_placement kind;
  uint64_t address; /* a multiple of WSIG_WORDS_SIZE */
  uint32_t stack; /* WASMSIG_WORDS_STACK: the global, which then starts there */
};

/** Errors: ENOMEM; 1: there is none that the program provably cannot hit, and
 * *why. */
int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, const char **why);

/** The page behind memory 0, which a host could tell the program of. False:
 * that is no room either. */
bool wsig_word_placement_add_page(struct wsig_word_placement *placement,
                                  const struct wsig_scan *scan);

#endif
