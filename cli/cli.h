/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The subcommands of `wasmsig`. */
#ifndef WASMSIG_CLI_CLI_H
#define WASMSIG_CLI_CLI_H

/* Each receives its own name as argv[0], and returns the exit status. */
int cli_run(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_instrument(int argc, char **argv);
int cli_compile(int argc, char **argv);
int cli_cache(int argc, char **argv);
int cli_workerd(int argc, char **argv);

#endif
