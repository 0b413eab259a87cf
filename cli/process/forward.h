/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forwards the process's signals to the guest, whether it computes or blocks in
 * a call. */
#ifndef WASMSIG_CLI_PROCESS_FORWARD_H
#define WASMSIG_CLI_PROCESS_FORWARD_H

#include "wasmsig/host.h"

#include <poll.h>

struct cli_forward_options {
  bool signals[WASMSIG_SIGNAL_MAX + 1]; /* to be forwarded */
  bool also_ignored; /* those too that the process ignores from its start */
};

/* Returns false, after an error message, if a signal cannot be forwarded. */
bool cli_forward_start(const struct cli_forward_options *options);

/* From now on forwarded signals end the guest's waits: see cli_wait. */
void cli_forward_set_guest(wasmsig_registry *registry,
                           wasmsig_instance instance);

/* Reports SIGPIPE as the end of the run, if its action is the default. Without
 * this it ends the process without a message. */
void cli_forward_report_sigpipe(void);

/* The same for the other signals that end a process and are not forwarded, such
 * as the SIGXCPU of setrlimit(2). After cli_forward_start(). */
void cli_forward_report_others(void);

/* Ends it: the signals take their default action from now on. */
void cli_forward_stop(void);

/**
 * Waits until a file is ready, until `deadline_ns` of the monotonic clock
 * (UINT64_MAX: no deadline), or until the guest has received a signal that it
 * has not acknowledged.
 *
 * files:     the first is used by this function; the caller's files follow
 *
 * Returns:   how many of the caller's files are ready; 0 at the deadline; -1
 *            for a signal, once for each.
 * Threads:   the one that runs the guest.
 */
int cli_wait(struct pollfd *files, nfds_t count, uint64_t deadline_ns);

/* Makes the signal that ended the last wait end the next wait too, if it is
 * still pending: for a call that could not report it. */
void cli_wait_repeat_signal(void);

#endif
