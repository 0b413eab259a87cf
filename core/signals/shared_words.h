/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The owners of words in SHARED memories, in the whole process. */
#ifndef WSIG_SHARED_WORDS_H
#define WSIG_SHARED_WORDS_H

#include "signals/words.h"

/* Adds an owner of these words; the first one zeroes them. EOVERLAP, ENOMEM:
 * nothing was written. */
int wsig_shared_words_join(uintptr_t base, const struct wsig_placed *placed);

/* Removes an owner. */
void wsig_shared_words_leave(uintptr_t base, const struct wsig_placed *placed);

/* Around a fork: no other thread may hold the table's lock. */
void wsig_shared_words_lock(void);
void wsig_shared_words_unlock(void);

#endif
