/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Clocks without libc, so that a poll that reads them does not change errno. */
#include "internal.h"

#include <wasi/api.h>

/* Clock numbers of hosts of preview 1. Not all hosts have the last two. */
enum { MONOTONIC = 1, PROCESS_CPU = 2, THREAD_CPU = 3 };

bool wsig_clock_ns(uint32_t clock, uint64_t *ns) {
  return __wasi_clock_time_get((__wasi_clockid_t)clock, 1, ns) == 0;
}

uint64_t wsig_now_ns(void) {
  uint64_t ns;
  return wsig_clock_ns(MONOTONIC, &ns) ? ns : 0;
}

static uint64_t waited_ns;

/* 0 while no timer counts. */
uint64_t wsig_wait_begins(void) { return wsig.timers_run ? wsig_now_ns() : 0; }

void wsig_wait_is_over(uint64_t begin_ns) {
  if (begin_ns) waited_ns += wsig_now_ns() - begin_ns;
}

/* The host's process runs more than this guest, so the clock of its thread is
 * preferred. Without one, all time that was not spent waiting counts. */
uint64_t wsig_cpu_ns(void) {
  uint64_t ns;
  if (wsig_clock_ns(THREAD_CPU, &ns) || wsig_clock_ns(PROCESS_CPU, &ns))
    return ns;
  return wsig_now_ns() - waited_ns;
}
