/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "process/run_time.h"

#include "core/os/thread_clock.h"
#include "process/clock.h"

static clockid_t cpu_clock; /* of the thread that runs the guest */
static uint64_t cpu_start_ns;
static uint64_t wall_start_ns;

void cli_run_time_start(void) {
  cpu_clock = wsig_own_cpu_clock();
  wall_start_ns = cli_now_ns(CLOCK_MONOTONIC);
  cli_run_time_guest_starts();
}

void cli_run_time_guest_starts(void) { cpu_start_ns = cli_now_ns(cpu_clock); }

void cli_run_time_count_process(void) {
  cpu_clock = CLOCK_PROCESS_CPUTIME_ID;
  cpu_start_ns = 0;
}

uint64_t cli_cpu_ns(void) { return cli_now_ns(cpu_clock) - cpu_start_ns; }

uint64_t cli_wall_ns(void) {
  return cli_now_ns(CLOCK_MONOTONIC) - wall_start_ns;
}
