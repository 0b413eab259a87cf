/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finds a place for the words in a module that has none. */
#ifndef WSIG_INSTRUMENT_WORD_PLACEMENT_H
#define WSIG_INSTRUMENT_WORD_PLACEMENT_H

#include "analysis/scan.h"
#include "wasmsig/instrument.h"

/** The size of the words: signal at 0, terminated at 4, pending at 8. In a page
 * of their own, handled follows at 16. */
#define WSIG_WORDS_SIZE 16

struct wsig_word_placement {
  wasmsig_word_placement kind;
  uint64_t address; /* a multiple of WSIG_WORDS_SIZE */
  uint32_t stack; /* WASMSIG_WORDS_STACK: the global, whose value it becomes */
};

/** Errors: ENOMEM; 1: no place exists that the program provably cannot access,
 * and `*why` is the reason. */
int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, const char **why);

/** Uses a page after memory 0, although a host could reveal it to the program.
 * False: the module cannot have such a page. */
bool wsig_word_placement_add_page(struct wsig_word_placement *placement,
                                  const struct wsig_scan *scan);

#endif
