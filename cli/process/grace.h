/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * --grace: how long a request to end may wait for the program. Requests are
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT.
 */
#ifndef WASMSIG_CLI_PROCESS_GRACE_H
#define WASMSIG_CLI_PROCESS_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#define CLI_NO_GRACE UINT64_MAX

/**
 * Call it before the first signal is forwarded.
 *
 * grace_ns:  if the program has not acknowledged a request so long after it has
 *            received it, the request takes its default action. 0: at once,
 *            unless the program declares that it handles the signal; then it
 *            has all the time that it needs. CLI_NO_GRACE: never.
 * Returns:   false, after a message, if the thread cannot start that waits.
 */
bool cli_grace_start(uint64_t grace_ns);

/**
 * Call it when the program has received a signal.
 *
 * Returns:   whether the signal must take its default action now.
 * Threads:   any. Signal handlers: yes.
 */
bool cli_grace_received(int signal);

#endif
