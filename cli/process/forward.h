/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The process's signals go to the guest, busy or blocked in a call. */
#ifndef WASMSIG_CLI_PROCESS_FORWARD_H
#define WASMSIG_CLI_PROCESS_FORWARD_H

#include "engines/engine.h"

#include <poll.h>

/* Answers false, having said why, if a signal cannot be forwarded. */
bool cli_forwarding_start(const struct cli_options *options);

/* From here on there is a guest that may be told. */
void cli_forwarding_guest(const struct cli_job *job, wasmsig_instance instance);

/**
 * Waits until a file is ready, until `deadline_ns` of the monotonic clock
 * (UINT64_MAX: for ever), or until a signal has come to the guest that it has
 * not acknowledged.
 *
 * files:     the first is taken for what wakes the wait; the caller's follow
 *
 * Returns:   how many of the caller's files are ready, 0 at the deadline, -1
 *            for a signal: once for each.
 * Threads:   the one that runs the guest.
 */
int cli_wait(struct pollfd *files, nfds_t count, uint64_t deadline_ns);

/* The signal that ended the last wait ends the next one too, if it still waits
 * then: the call could not tell of it. */
void cli_wait_is_due_again(void);

/* Signals do again what they do to any process. */
void cli_forwarding_stop(void);

#endif
