/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kernel's statistics of wasmsig's watchdog thread, found by its name.
 */
#ifndef BENCH_BUDGET_OBSERVER_H
#define BENCH_BUDGET_OBSERVER_H

#include <stdint.h>
#include <sys/types.h>

/* 0: there is no such thread. */
pid_t observer_find(void);

/* Of that thread; 0 if it has ended. */
int64_t observer_cpu_ns(pid_t thread);
int64_t observer_sleeps(pid_t thread); /* how often it went to sleep */

#endif
