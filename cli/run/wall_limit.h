/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_RUN_WALL_LIMIT_H
#define WASMSIG_CLI_RUN_WALL_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The limit of --wall: time of CLOCK_MONOTONIC since cli_run_time_start(), also
 * while the engine compiles and while the program waits. A thread of its own
 * ends the process then. Does nothing with WASMSIG_NO_LIMIT.
 *
 * Returns: false, with a message, if the thread cannot start.
 */
bool cli_wall_limit_start(uint64_t limit_ns);

#endif
