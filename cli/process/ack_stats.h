/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For --stats and --trace: which signals the guest received, and how long it
 * took to acknowledge them. */
#ifndef WASMSIG_CLI_PROCESS_ACK_STATS_H
#define WASMSIG_CLI_PROCESS_ACK_STATS_H

#include "text/text.h"
#include "wasmsig/host.h"

/* Starts a thread that checks the guest's words. */
void cli_ack_stats_start(wasmsig_registry *registry, wasmsig_instance instance);

/* Call it before the instance is untracked. */
void cli_ack_stats_stop(void);

/* Counts a signal that the guest has just received. `by` says who has sent it,
 * for the trace. Signal handlers: yes. */
void cli_ack_stats_sent(int signal, const char *by);

/* Append the counts. Signal handlers: yes. */
void cli_ack_stats_add_text(struct cli_text *text);
void cli_ack_stats_add_json(struct cli_text *text);

#endif
