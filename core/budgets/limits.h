/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What happens at the limits of a thread's sections. All of it may run in a
 * signal handler, and is called under the thread's lock (exceptions: limits.c).
 */
#ifndef WSIG_LIMITS_H
#define WSIG_LIMITS_H

#include "budgets/thread.h"

/* Acts on every limit that the thread's sections have passed at CPU time
 * `cpu_ns`, except for kills that no handler may do: these become due. */
struct wsig_check {
  uint64_t left_ns; /* CPU time to the nearest limit ahead, or WSIG_NEVER */
  uint64_t
      wall_at_ns; /* when the nearest wall limit is reached, or WSIG_NEVER */
  bool acted;     /* a limit on CPU time had been passed */
  bool kill_due;
};
struct wsig_check wsig_limits_check(struct wsig_thread *thread,
                                    uint64_t cpu_ns);

/* CPU time that the budget's sections have used, the running one included. */
uint64_t wsig_limits_used(const struct wsig_budget *budget, uint64_t cpu_ns);

/* CPU time to the budget's nearest limit ahead, or WSIG_NEVER. */
uint64_t wsig_limits_left(const struct wsig_budget *budget, uint64_t used_ns);

/* The soft limit was reached: raises the signal. */
void wsig_limits_reach_soft(struct wsig_budget *budget);

/* Raises the budget's signal, without a change of its state. */
void wsig_limits_raise(struct wsig_budget *budget);

/* The hard limit was reached. */
void wsig_limits_reach_hard(struct wsig_budget *budget);

/* Acts on the wall limit if it has passed, and on a wasmsig_budget_kill. True:
 * the budget has ended by that now. */
bool wsig_limits_reach_wall_or_kill(struct wsig_budget *budget);

/* The caller calls the budget's kill next. */
void wsig_limits_begin_kill(struct wsig_budget *budget, uint64_t used_ns);

#endif
