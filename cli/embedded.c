/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig run` in the process of another program, which starts it once and
 * ends with it: the handler for crun looks these two up by name.
 */
#include "cli.h"
#include "run/options.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int wasmsig_embedded_check(int argc, char **argv);
EXPORTED int wasmsig_embedded_run(int argc, char **argv);

/* Whether the command line is right; argv[0] is "run". Prints what is wrong
 * with it. Returns -1, or the exit status. */
int wasmsig_embedded_check(int argc, char **argv) {
  static struct cli_options unused;
  return cli_options_parse(&unused, argc, argv);
}

/* Runs a program to its end: returns the exit status, or ends the process. */
int wasmsig_embedded_run(int argc, char **argv) { return cli_run(argc, argv); }
