/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What `wasmsig run` was asked to do. */
#ifndef WASMSIG_CLI_RUN_OPTIONS_H
#define WASMSIG_CLI_RUN_OPTIONS_H

#include "wasmsig/host.h"

struct cli_engine;
struct option; /* of getopt_long() */

struct cli_folder {
  const char *host;
  const char *guest;
};

struct cli_options {
  const char *file;
  char **arguments; /* of the guest, its own name first; NULL at the end */
  int argument_count;
  uint64_t soft_ns; /* CPU time, or WASMSIG_NO_LIMIT */
  uint64_t hard_ns;
  uint64_t compile_ns; /* CPU time of all threads, or WASMSIG_NO_LIMIT */
  int signal;
  bool forwards[WASMSIG_SIGNAL_MAX + 1];
  bool forwards_are_given; /* by --forward: also those that are ignored */
  struct cli_folder *folders;
  size_t folder_count;
  const char **names; /* environment of the guest */
  const char **values;
  size_t variable_count;
  const struct cli_engine *engine;
  bool stats;
  bool json;
};

/**
 * Reads the command line of `wasmsig run`. What is wrong it says on standard
 * error.
 *
 * Returns:   -1 to go on, or the exit status.
 * Ownership: the options point into argv and the environment; they are never
 *            freed, as the process ends with them.
 */
int cli_options_parse(struct cli_options *options, int argc, char **argv);

/* The values of long options begin here, behind those of short ones. */
enum { CLI_FIRST_LONG_OPTION = 256 };

/**
 * Says on standard error why getopt_long() has just answered '?' or ':'.
 *
 * word:      argv[optind - 1]
 * Returns:   CLI_USAGE.
 */
int cli_option_error(const char *command, const char *word,
                     const struct option *known);

#endif
