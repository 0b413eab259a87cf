/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names of signals. The protocol has the numbers of Linux on x86-64. */
#ifndef WASMSIG_CLI_TEXT_SIGNAL_NAMES_H
#define WASMSIG_CLI_TEXT_SIGNAL_NAMES_H

/* "SIGINT"; "SIG40" for a signal without a name of its own. */
const char *cli_signal_name(int signal);

/* Reads "SIGINT", "int" or "2"; 0: there is no such signal. */
int cli_signal_number(const char *name);

#endif
