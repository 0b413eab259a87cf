/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lock of a thread's sections. All code here may run in a signal handler.
 *
 * A thread's running sections form a list from the innermost outwards. Three
 * parties read or change it: the thread, the handler of its timer, which
 * interrupts it anywhere, and the watchdog. Each of them holds `lock` for that.
 * The handler must not wait for the lock: the holder may be the very code that
 * it has interrupted. So it sets a bit in `check_due`, and the holder checks
 * the sections in its place; the watchdog also does that rather than wait. The
 * bits are set by OR, so no request overwrites another: FIRED by the handler,
 * REQUESTED by the watchdog and by the thread itself. Why no request is lost:
 *  1. the handler sets its bit and then tries the lock; a holder releases the
 *     lock and then loads the bits (all seq_cst). So either the handler gets
 *     the lock, or the holder sees the bit
 *  2. the thread itself needs no fence for that: its handler runs either before
 *     or after its store to `lock`
 *  3. without that fence the thread may overlook a request of the watchdog: so
 *     the watchdog checks this thread again later (watchdog_check.c)
 *  4. the thread sets its own bit while it holds the lock, or before it tries
 *     the lock; it loads the bits after each release
 *
 * The lock is never held for long: under it there is no lock, no wait and no
 * call of the host's functions, except for kills that are async-signal-safe and
 * for raises. A budget's `raise` may take a lock of the host's in a thread that
 * is not the section's. No thread waits for this lock while it holds that one
 * (host.h). The handler runs with all signals blocked and counts as a
 * call about budgets, so no other handler of the thread can wait for the lock
 * that it holds.
 */
#include "budgets/thread_lock.h"

#include "budgets/thread_check.h"

void wsig_thread_unlock(struct wsig_thread *thread) {
  for (;;) {
    wsig_test_point(WSIG_POINT_UNLOCK);
    /* seq_cst: before the requests are loaded; see the top. */
    wsig_store_seq_cst(&thread->lock, 0);
    wsig_test_point(WSIG_POINT_UNLOCKED);
    if (!wsig_load_seq_cst(&thread->check_due) || !wsig_thread_try_lock(thread))
      return;
    wsig_thread_check(thread, wsig_exchange_relaxed(&thread->check_due, 0));
  }
}

/* Sets the bits of `why`, and checks unless a holder of the lock will. */
static void request(struct wsig_thread *thread, uint32_t why) {
  /* seq_cst: before the lock is tried. */
  wsig_or_seq_cst(&thread->check_due, why);
  wsig_test_point(WSIG_POINT_REQUESTED);
  if (!wsig_thread_try_lock(thread)) return;
  wsig_thread_check(thread, wsig_exchange_relaxed(&thread->check_due, 0));
  wsig_thread_unlock(thread);
}

void wsig_thread_fire(struct wsig_thread *thread) {
  request(thread, WSIG_CHECK_FIRED);
}

void wsig_thread_request_check(struct wsig_thread *thread) {
  request(thread, WSIG_CHECK_REQUESTED);
}
