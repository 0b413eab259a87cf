/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The contents of a wasmsig_suspension: the enters that it holds. Each is
 * counted in its budget (`suspended`). Changed under the lock of the thread
 * whose `moving` it is, if any.
 */
#ifndef WSIG_SUSPENSION_H
#define WSIG_SUSPENSION_H

#include "budgets/thread.h"

struct wsig_suspension {
  size_t count;
  size_t room;                                 /* of `more` */
  struct wsig_budget **more;                   /* NULL: `few` is enough */
  struct wsig_budget *few[WSIG_INLINE_LEVELS]; /* the innermost first */
};

/* Of an empty one: makes room for `count`. False: no memory. */
bool wsig_suspension_reserve(struct wsig_suspension *suspension, size_t count);

/* Adds an enter; the one that was added last; removes that one. */
void wsig_suspension_push(struct wsig_suspension *suspension,
                          struct wsig_budget *budget);
struct wsig_budget *wsig_suspension_last(struct wsig_suspension *suspension);
void wsig_suspension_pop(struct wsig_suspension *suspension);

/* Removes all of them. */
void wsig_suspension_clear(struct wsig_suspension *suspension);

/* The same, and frees its memory. */
void wsig_suspension_free(struct wsig_suspension *suspension);

#endif
