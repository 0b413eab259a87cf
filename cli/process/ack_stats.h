/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For --stats: which signals were sent to the guest, and how long after it
 * acknowledged them. */
#ifndef WASMSIG_CLI_PROCESS_ACK_STATS_H
#define WASMSIG_CLI_PROCESS_ACK_STATS_H

#include "run/options.h"
#include "text/text.h"

/* A thread of its own looks at the guest's words, if stats are asked for. */
void cli_watching_start(const struct cli_options *options,
                        wasmsig_registry *registry, wasmsig_instance instance);

/* Before the instance is untracked. */
void cli_watching_stop(void);

/* A signal has been sent. Signal handlers: yes. */
void cli_watching_sent(int signal);

/* What was seen. Signal handlers: yes. */
void cli_watching_add_text(struct cli_text *text);
void cli_watching_add_json(struct cli_text *text);

#endif
