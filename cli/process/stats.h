/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What --stats and --json print when a run has ended. */
#ifndef WASMSIG_CLI_PROCESS_STATS_H
#define WASMSIG_CLI_PROCESS_STATS_H

#include "text/text.h"

enum cli_stats_format { CLI_NO_STATS, CLI_STATS_TEXT, CLI_STATS_JSON };

#define CLI_UNKNOWN_SIZE UINT64_MAX

/* What is known of a run before it ends. */
struct cli_run_info {
  const char *file;
  const char *engine;
  /* Bytes of the guest's memory 0; 0 before it exists; CLI_UNKNOWN_SIZE.
   * Threads: any. Signal handlers: yes. */
  uint64_t (*memory_size)(void);
  enum cli_stats_format format;
};

/* How a run ended. */
struct cli_ending {
  const char *name; /* "exit", "trap", "cpu-limit", "wall-limit", "signal",
                     * "refused" */
  int status;
  int signal; /* 0: none */
};

/* Appends the statistics in the format of `run`. Signal handlers: yes. */
void cli_stats_add(struct cli_text *text, const struct cli_run_info *run,
                   const struct cli_ending *ending);

#endif
