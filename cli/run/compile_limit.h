/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_RUN_COMPILE_LIMIT_H
#define WASMSIG_CLI_RUN_COMPILE_LIMIT_H

#include <stdint.h>

/*
 * The limit of --cpu-compile: CPU time of all threads, as an engine compiles in
 * several. If the process uses it up between the two calls, it ends as it does
 * at --cpu-hard. With WASMSIG_NO_LIMIT both calls do nothing.
 */
void cli_compile_limit_start(uint64_t limit_ns);
void cli_compile_limit_stop(void);

#endif
