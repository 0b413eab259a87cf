/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Baseline: the simple solution. A thread sleeps for the CPU time that another
 * thread has left, reads that thread's CPU clock, and sleeps again or signals
 * it. Ordinary priority, time slice and timer slack.
 */
#ifndef BENCH_BUDGET_PLAIN_WATCHDOG_H
#define BENCH_BUDGET_PLAIN_WATCHDOG_H

#include "guest.h"

#include <pthread.h>
#include <stdbool.h>

struct plain_watchdog {
  pthread_t thread;
  clockid_t clock; /* of the thread that is watched */
  word *to;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int64_t limit_ns; /* by that clock; under lock, 0: nothing to watch */
  bool ending;      /* under lock */
};

/* Watches the calling thread; stores into `to`. */
void plain_watchdog_start(struct plain_watchdog *watchdog, word *to);

/* Once: signals the thread when it has used that much from now on. */
void plain_watchdog_arm(struct plain_watchdog *watchdog, int64_t budget_ns);

void plain_watchdog_end(struct plain_watchdog *watchdog);

#endif
