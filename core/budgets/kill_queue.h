/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The queue of threads that need the watchdog at once: one of their kills is
 * due, or they sleep in a section and must be checked soon.
 */
#ifndef WSIG_KILL_QUEUE_H
#define WSIG_KILL_QUEUE_H

#include "budgets/thread.h"

/* In any thread, and in signal handlers: adds the thread unless it is in the
 * queue, and wakes the watchdog. */
void wsig_kill_queue_add(struct wsig_thread *thread);

/* Wakes the watchdog: adds 1 to wsig_watchdog_wakes, for which it waits. Also
 * in signal handlers. */
void wsig_watchdog_wake(void);
extern uint32_t wsig_watchdog_wakes;

/* The watchdog's, all under wsig_threads_lock. */

/* Takes a thread out of the queue; NULL: the queue is empty. */
struct wsig_thread *wsig_kill_queue_take(void);
bool wsig_kill_queue_is_empty(void);

/* The thread ends: takes it out of the queue if it is there. */
void wsig_kill_queue_remove(struct wsig_thread *thread);

/* In the child of a fork: empties the queue. */
void wsig_kill_queue_empty(void);

#endif
