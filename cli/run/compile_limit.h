/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_RUN_COMPILE_LIMIT_H
#define WASMSIG_CLI_RUN_COMPILE_LIMIT_H

#include "run/options.h"

/*
 * The limit of --cpu-compile: CPU time of all threads, as an engine compiles in
 * several. From one call to the other it ends the process, as --cpu-hard does.
 */
void cli_compiling_begins(const struct cli_options *options);
void cli_compiling_ends(void);

#endif
