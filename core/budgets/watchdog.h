/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The watchdog: the one thread that checks the sections of all others. */
#ifndef WSIG_WATCHDOG_H
#define WSIG_WATCHDOG_H

#include "budgets/thread.h"

/* Makes the watchdog check the thread's sections no later than `at_ns`. An
 * error code if the watchdog cannot be started. */
int wsig_watchdog_check_by(struct wsig_thread *thread, uint64_t at_ns);

/* Under wsig_threads_lock: checks the thread's sections now, and wakes the
 * watchdog if it must do more. It starts the watchdog where a fork has ended
 * it; ETHREAD: it cannot be started. */
int wsig_watchdog_check_now(struct wsig_thread *thread);

/* Under wsig_threads_lock. */
bool wsig_watchdog_start(void); /* false: no thread can be created */
void wsig_watchdog_forget(struct wsig_thread *thread);
void wsig_watchdog_after_fork(void); /* in the child */

/* 1: a fork has left running sections that no watchdog checks. The next enter
 * starts one. Atomic. */
extern uint32_t wsig_watchdog_is_missing;

/* The requested priority, and the one that the watchdog has; atomic. */
extern int wsig_watchdog_priority, wsig_watchdog_granted;

/* For tests. Checks every thread and calls the kills that are due; answers in
 * how many ns to check again. */
uint64_t wsig_watchdog_check_all(void);

/* For tests. What the watchdog does when it wakes; answers when it would wake
 * again. */
uint64_t wsig_watchdog_turn(void);

#endif
