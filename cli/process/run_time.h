/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU time of the guest, and wall time of the run. */
#ifndef WASMSIG_CLI_PROCESS_RUN_TIME_H
#define WASMSIG_CLI_PROCESS_RUN_TIME_H

#include <stdint.h>

/* Starts both clocks. Call it on the thread that will run the guest. */
void cli_run_time_start(void);

/* Sets the CPU time to 0: the guest starts now. */
void cli_run_time_guest_starts(void);

/* From now on the CPU time is that of all threads since the process started. */
void cli_run_time_count_process(void);

/* Threads: any. Signal handlers: yes. */
uint64_t cli_cpu_ns(void);
uint64_t cli_wall_ns(void);

#endif
