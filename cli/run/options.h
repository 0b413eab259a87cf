/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command line of `wasmsig run`. */
#ifndef WASMSIG_CLI_RUN_OPTIONS_H
#define WASMSIG_CLI_RUN_OPTIONS_H

#include "engines/engine.h"
#include "process/forward.h"
#include "process/stats.h"

struct cli_options {
  const char *file;
  uint64_t soft_ns; /* CPU time of the guest, or WASMSIG_NO_LIMIT */
  uint64_t hard_ns;
  uint64_t compile_ns;  /* CPU time of all threads, or WASMSIG_NO_LIMIT */
  uint64_t wall_ns;     /* since the command started, or WASMSIG_NO_LIMIT */
  uint64_t grace_ns;    /* of a request to end, or CLI_NO_GRACE */
  uint64_t most_memory; /* bytes of each memory, or CLI_ANY_MEMORY */
  int signal;           /* raised at the soft limit */
  struct cli_forward_options forward;
  struct cli_wasi_setup wasi;
  bool inherits_environment;
  struct cli_invocation invocation; /* without a name: `_start` is called */
  char *argv0; /* instead of the file's name; NULL: that name */
  const struct cli_engine *engine;
  bool uses_cache;
  bool allows_compiled; /* FILE may be of `wasmsig compile` */
  enum cli_stats_format stats;
  const char *trace; /* the trace's file; NULL: none */
};

/**
 * Reads the command line of `wasmsig run`. Prints what is wrong with it.
 *
 * Returns:   -1 to go on, or the exit status.
 * Ownership: the options point into argv and the environment. They are never
 *            freed: they are needed until the process ends.
 */
int cli_options_parse(struct cli_options *options, int argc, char **argv);

#endif
