/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the watchdog does with each thread: it checks its sections, and calls
 * the kills that are due. All under wsig_threads_lock.
 */
#ifndef WSIG_WATCHDOG_CHECK_H
#define WSIG_WATCHDOG_CHECK_H

#include "budgets/thread.h"

/* After a thread's last section, the watchdog still checks it for so long, as
 * often as before: so the next enter need not wake it. */
#define WSIG_LINGER_NS UINT64_C(1000000000)

/* Checks the thread now, whenever its check was planned. */
void wsig_watchdog_check(struct wsig_thread *thread);

/* Calls the kills of the threads in the queue. It releases wsig_threads_lock
 * meanwhile. False: the lock of one of them was taken, so it must be called
 * again soon. */
bool wsig_watchdog_kill_queued(void);

/* Checks every thread whose time has come. */
void wsig_watchdog_check_due(void);

/* When the next check is planned, or WSIG_NEVER. */
uint64_t wsig_watchdog_next_check(void);

/* The thread ends: it is no sleeper any more. */
void wsig_watchdog_drop_sleeper(struct wsig_thread *thread);

/* In the child of a fork: no thread sleeps. */
void wsig_watchdog_drop_all_sleepers(void);

#endif
