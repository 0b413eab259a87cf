/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was used, for people and for a collector: a line for each event, and
 * counters (metrics.c). Threads write both.
 */
#ifndef WSIG_WORKERD_REPORT_H
#define WSIG_WORKERD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wkd_event {
  const char *service; /* "": not known yet */
  const char *kind;    /* request, actor, startup, import */
  uint64_t cpu_ns, wall_ns;
  uint32_t signals;       /* how often SIGXCPU was raised */
  uint64_t signal_cpu_ns; /* CPU time when it was raised first; 0: never */
  bool exceeded_cpu;      /* it was stopped */
};

/** Any thread, outside of signal handlers. */
void wkd_report(const struct wkd_event *event);

/**
 * Waits until all reports are written, a second at most: before the process
 * ends or becomes another program. In a child it does nothing. Any thread,
 * signal handlers: yes.
 */
void wkd_report_flush(void);

/** Nanoseconds of the monotonic clock. */
uint64_t wkd_now_ns(void);

#endif
