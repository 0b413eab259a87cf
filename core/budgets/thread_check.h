/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The check of a thread's sections by the holder of its lock, and the timer for
 * the next one. All of it may run in a signal handler.
 */
#ifndef WSIG_THREAD_CHECK_H
#define WSIG_THREAD_CHECK_H

#include "budgets/thread.h"

/* Where the timer fires, the watchdog checks this long after it. */
#define WSIG_BACKSTOP_NS UINT64_C(2000000)

/* All under the thread's lock. */

/* Acts on every limit that was passed, and sets the timer for what is left.
 * `why`: the bits of `check_due` that were taken (thread_lock.h). */
void wsig_thread_check(struct wsig_thread *thread, uint32_t why);

/* The time since the last check, and how much of it the thread has used. This
 * check becomes the last one. */
struct wsig_progress {
  uint64_t passed_ns, used_ns;
};
struct wsig_progress wsig_thread_progress(struct wsig_thread *thread,
                                          uint64_t now_ns, uint64_t cpu_ns);

#endif
