/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Baseline: the kernel's timer on the thread's own CPU clock, with its signal
 * sent to this thread: the best that the kernel offers for this purpose. It
 * fires at a scheduler tick.
 */
#ifndef BENCH_BUDGET_KERNEL_TIMER_H
#define BENCH_BUDGET_KERNEL_TIMER_H

#include "guest.h"

/* Of the calling thread; stores into `to`. One at a time. */
timer_t kernel_timer_create(word *to);
void kernel_timer_arm(timer_t timer, int64_t budget_ns);

#endif
