/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lock of a thread's sections, and requests to check them. All of it may
 * run in a signal handler, except for the waiting wsig_thread_lock.
 */
#ifndef WSIG_THREAD_LOCK_H
#define WSIG_THREAD_LOCK_H

#include "budgets/thread.h"
#include "test_points.h"

/* The bits of `check_due`: why the sections must be checked. */
#define WSIG_CHECK_FIRED 1u     /* the timer's signal has come */
#define WSIG_CHECK_REQUESTED 2u /* another reason */

/* A limit may have been reached: checks the sections now, or leaves the request
 * to the holder of the lock. The first is for the timer's handler. */
void wsig_thread_fire(struct wsig_thread *thread);
void wsig_thread_request_check(struct wsig_thread *thread);

static inline bool wsig_thread_try_lock(struct wsig_thread *thread) {
  uint32_t unlocked = 0;
  /* seq_cst: after a handler's request; see thread_lock.c. */
  return wsig_cas_seq_cst(&thread->lock, &unlocked, 1);
}

/* Waits for the lock: not in a handler. */
static inline void wsig_thread_lock(struct wsig_thread *thread) {
  for (unsigned turn = 0; !wsig_thread_try_lock(thread); turn++)
    wsig_os_pause(turn);
}

/* Releases the lock, and does the checks that were requested meanwhile. */
void wsig_thread_unlock(struct wsig_thread *thread);

/* The same in the thread itself. Its handlers run before or after the store, so
 * it needs no fence; see thread_lock.c. */
static inline void wsig_thread_unlock_own(struct wsig_thread *thread) {
  wsig_test_point(WSIG_POINT_UNLOCK_OWN);
  wsig_store_release(&thread->lock, 0);
  wsig_handler_fence();
  if (wsig_load_relaxed(&thread->check_due)) wsig_thread_request_check(thread);
}

#endif
