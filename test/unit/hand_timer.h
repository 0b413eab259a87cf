/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Timers for the clock that is moved by hand: only the test fires them. */
#ifndef WSIG_TEST_HAND_TIMER_H
#define WSIG_TEST_HAND_TIMER_H

#include "hand_clock.h"

static bool hand_timers_are_out;     /* none can be made */
static bool hand_timer_is_refused;   /* it cannot be set */
static unsigned hand_timer_settings; /* how often it was set */
static uint64_t hand_timer_at;
static uint64_t hand_sleeps; /* how often the thread went to sleep */

static inline bool hand_timer_make(struct wsig_timer *timer, pid_t tid,
                                   int signal, void *tag) {
  (void)tid, (void)signal, (void)tag;
  timer->made = !hand_timers_are_out;
  return timer->made;
}
static inline bool hand_timer_set(struct wsig_timer *timer, uint64_t at_ns) {
  (void)timer;
  if (hand_timer_is_refused) return false;
  hand_timer_at = at_ns;
  hand_timer_settings++;
  return true;
}
static inline void hand_timer_drop(struct wsig_timer *timer) {
  timer->made = false;
}
static inline uint64_t hand_read_sleeps(void) { return hand_sleeps; }

/* Before the tests run. */
static inline void use_hand_timers(void) {
  static struct wsig_clock clock;
  clock = hand_clock;
  clock.timer_make = hand_timer_make;
  clock.timer_set = hand_timer_set;
  clock.timer_drop = hand_timer_drop;
  clock.sleeps = hand_read_sleeps;
  hand_clock_used = &clock;
}

/* The timer's signal comes. */
static inline void fire(void) { wsig_thread_fire(wsig_here); }

#endif
