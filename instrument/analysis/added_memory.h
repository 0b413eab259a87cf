/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The place of words in a memory that is added to the module. */
#ifndef WSIG_INSTRUMENT_ADDED_MEMORY_H
#define WSIG_INSTRUMENT_ADDED_MEMORY_H

#include "analysis/word_placement.h"

/** WASMSIG_WORDS_MEMORY. 1: the module cannot have such a memory, and `reason`
 * says why. */
int wsig_added_memory_find(struct wsig_word_placement *placement,
                           const struct wsig_scan *scan, char *reason);

#endif
