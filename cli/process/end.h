/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a run ends, and what is said of it: one line on standard error where the
 * guest did not end by itself, and what --stats asks for.
 */
#ifndef WASMSIG_CLI_PROCESS_END_H
#define WASMSIG_CLI_PROCESS_END_H

#include "run/options.h"

/* From the thread that will run the guest, before anything can end it. */
void cli_ending_prepare(const struct cli_options *options);

/* CPU nanoseconds of the guest's thread from here on are the guest's. */
void cli_ending_guest_begins(void);

/* Any thread; signal handlers too. */
uint64_t cli_cpu_ns(void);

/**
 * Whether the caller is the first to end the process: others then return and
 * let it. Any thread; signal handlers too.
 */
bool cli_ending_claim(void);

/* Past the hard limit. Does not return if it is the first to end the process.
 */
void cli_end_by_limit(void *unused);

/* Past --cpu-compile: the same, of the time of all threads. */
void cli_end_by_compiling(void);

/* As the signal ends any process: the shell sees it. Returns as the other. */
void cli_end_by_signal(int signal);

/* For the main thread, which has claimed the end; answer the exit status. */
int cli_end_by_exit(int status);
int cli_end_by_trap(const char *message);

#endif
