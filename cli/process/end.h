/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a run ends: by the guest's exit, a trap, a limit, a signal or a refusal.
 * One line on standard error says why, unless the guest exited; --stats adds to
 * it.
 */
#ifndef WASMSIG_CLI_PROCESS_END_H
#define WASMSIG_CLI_PROCESS_END_H

#include "process/stats.h"

#include <stdbool.h>

/* Call it before anything can end the run. `run` stays the caller's. */
void cli_end_prepare(const struct cli_run_info *run);

/**
 * Claims the end of the process.
 *
 * Returns:   whether the caller is the first. All others must leave the end to
 *            the first.
 * Threads:   any. Signal handlers: yes.
 */
bool cli_end_claim(void);

/* The next four end the process if they are the first to claim its end, and
 * return otherwise. Threads: any. Signal handlers: yes. */

/* The guest has passed its hard limit: exit status CLI_CPU_LIMIT. */
void cli_end_by_limit(void *unused);

/* The engine has passed --cpu-compile: exit status CLI_CPU_LIMIT. */
void cli_end_by_compile_limit(void);

/* --wall has passed: exit status CLI_WALL_LIMIT. */
void cli_end_by_wall_limit(void);

/* Takes the signal's default action, so that a shell sees the signal. */
void cli_end_by_signal(int signal);

/* For the main thread, when it has claimed the end and signals are no longer
 * forwarded. They return the exit status. */

/* A message has said why the program cannot be run. */
int cli_end_by_refusal(void);
int cli_end_by_exit(int status);
int cli_end_by_trap(const char *message);

#endif
