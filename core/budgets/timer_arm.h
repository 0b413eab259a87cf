/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Arms a thread's timer, under the thread's lock: the thread does so when it
 * enters a section (enter_leave.c), its check for the next limit
 * (thread_check.c), and the watchdog for a thread that runs again
 * (watchdog_check.c). May run in a signal handler.
 */
#ifndef WSIG_TIMER_ARM_H
#define WSIG_TIMER_ARM_H

#include "budgets/thread.h"

/* Whether the timer's signal is used for this thread. */
static inline bool wsig_timer_is_usable(const struct wsig_thread *thread) {
  return thread->timer.made && !thread->timer_blocked && !thread->signal_masked;
}

/* The signal is to come at this time of the monotonic clock. */
static inline void wsig_timer_arm(struct wsig_thread *thread, uint64_t at_ns) {
  thread->timer_at = at_ns;
  if (!wsig_clock->timer_set(&thread->timer, at_ns)) {
    thread->timer_at = WSIG_NEVER;
    thread->timer_blocked = true;
  }
}

/* The signal is to come at this time of the thread's CPU clock, if the system
 * has such timers. */
static inline void wsig_timer_arm_cpu(struct wsig_thread *thread,
                                      uint64_t at_cpu_ns) {
  if (wsig_clock->timer_set_cpu)
    wsig_clock->timer_set_cpu(&thread->timer, at_cpu_ns);
}

#endif
