/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command `wasmsig`: what its subcommands share. */
#ifndef WASMSIG_CLI_H
#define WASMSIG_CLI_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses. A guest's own status is passed on as it is. */
enum cli_status {
  CLI_OK = 0,
  CLI_UNRUNNABLE = 1, /* a file that cannot be run, or read */
  CLI_USAGE = 2,
  CLI_UNTRACKED = 3,   /* `inspect`: not tracked */
  CLI_TRAPPED = 134,   /* 128 + SIGABRT */
  CLI_CPU_LIMIT = 152, /* 128 + SIGXCPU */
};

/* One subcommand: it gets its own name as argv[0]. */
int cli_run(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_instrument(int argc, char **argv);

/* Help on standard output, or a pointer to it on standard error. */
int cli_print_help(const char *text);
int cli_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The status; CLI_UNRUNNABLE, having said why, if standard output has not
 * taken all. */
int cli_finish_output(int status);

/* "wasmsig: FILE: what is wrong" on standard error: one line, whatever it
 * quotes. */
void cli_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

extern const char cli_help[];
extern const char cli_help_run[];
extern const char cli_help_inspect[];
extern const char cli_help_instrument[];

#endif
