/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For --stats: which signals the guest received, and how long it took to
 * acknowledge them. */
#ifndef WASMSIG_CLI_PROCESS_ACK_STATS_H
#define WASMSIG_CLI_PROCESS_ACK_STATS_H

#include "text/text.h"
#include "wasmsig/host.h"

/**
 * Starts a thread that checks the guest's words.
 *
 * soft_ns:     the soft limit, or WASMSIG_NO_LIMIT
 * soft_signal: the signal that is raised at the soft limit
 */
void cli_ack_stats_start(wasmsig_registry *registry, wasmsig_instance instance,
                         uint64_t soft_ns, int soft_signal);

/* Call it before the instance is untracked. */
void cli_ack_stats_stop(void);

/* Counts a signal that has just been sent. Signal handlers: yes. */
void cli_ack_stats_sent(int signal);

/* Append the counts. Signal handlers: yes. */
void cli_ack_stats_add_text(struct cli_text *text);
void cli_ack_stats_add_json(struct cli_text *text);

#endif
