/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names of signals: Linux's on x86-64, which are the protocol's. */
#ifndef WASMSIG_CLI_TEXT_SIGNAL_NAMES_H
#define WASMSIG_CLI_TEXT_SIGNAL_NAMES_H

/* "SIGINT"; "SIG40" for those that have no name of their own. */
const char *cli_signal_name(int signal);

/* "SIGINT", "int", "2"; 0 if there is no such signal. */
int cli_signal_number(const char *name);

#endif
