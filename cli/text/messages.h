/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Messages of the command. One on standard error is always one line: line
 * breaks and control characters in the values that it quotes are escaped. */
#ifndef WASMSIG_CLI_TEXT_MESSAGES_H
#define WASMSIG_CLI_TEXT_MESSAGES_H

/* Is called before each message, unless it is NULL. */
extern void (*cli_before_message)(void);

/* Prints "wasmsig: MESSAGE" on standard error, where MESSAGE is usually
 * "FILE: what is wrong". */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "wasmsig COMMAND: MESSAGE (try wasmsig COMMAND --help)" on standard
 * error; `command` may be NULL. Returns CLI_USAGE. */
int cli_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints a text on standard output. Returns the exit status. */
int cli_print(const char *text);

/* Flushes standard output. Returns `status`, or CLI_FAILED after a message if
 * the output could not be written. */
int cli_finish_output(int status);

#endif
