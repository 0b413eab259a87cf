/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The options of `wasmsig workerd`. */
#ifndef WASMSIG_CLI_WORKERD_OPTIONS_H
#define WASMSIG_CLI_WORKERD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct cli_workerd_options {
  uint64_t limit_ns, soft_ns, startup_ns; /* WASMSIG_NO_LIMIT: none */
  double margin; /* in per cent of the limit; below 0: not given */
  const char *log, *log_format, *metrics, *workerd; /* NULL: not given */
  bool is_unlimited, marks_terminated, wants_help;
  char **arguments; /* of workerd, behind one more place; part of argv */
};

/** Reads them. Returns false after a message about wrong usage. */
bool cli_workerd_take_options(struct cli_workerd_options *options, int argc,
                              char **argv);

#endif
