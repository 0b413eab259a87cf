/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What --trace records: all of it on the line of the thread that runs the
 * guest. Without --trace each function does nothing. Signal handlers: all but
 * the start. */
#ifndef WASMSIG_CLI_PROCESS_RUN_TRACE_H
#define WASMSIG_CLI_PROCESS_RUN_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* In the thread that runs the guest. `file` may be NULL. Returns false, after a
 * message, if the trace cannot be written there. */
bool cli_trace_start(const char *file, const char *program);

/* What is recorded is in the file then. */
void cli_trace_stop(void);

/* A slice, in the thread that runs the guest. The name is never freed. */
bool cli_trace_begin(const char *name);
bool cli_trace_begin_section(uint64_t soft_ns, uint64_t hard_ns);
/* `begun`: what the begin has returned. */
void cli_trace_end(const char *name, bool begun);

void cli_trace_raised(int signal, const char *by);
/* At the latest `after_ns` after it was raised. */
void cli_trace_acknowledged(int signal, uint64_t after_ns);

/* These end the trace. `limit`: "CPU", for example. */
void cli_trace_end_by_limit(const char *limit);
void cli_trace_end_by_signal(int signal);
/* `name`: "exit" or "trap". */
void cli_trace_end_by(const char *name, int status);

#endif
