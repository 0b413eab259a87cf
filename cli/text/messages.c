/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/messages.h"

#include "text/exit_status.h"
#include "text/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_message(struct cli_text *text, const char *format,
                        va_list arguments) {
  char *message;
  if (vasprintf(&message, format, arguments) < 0) message = NULL;
  cli_text_name(text, message ? message : "out of memory");
  free(message);
}

void (*cli_before_message)(void);

void cli_message(const char *format, ...) {
  struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
  va_list arguments;
  if (cli_before_message) cli_before_message();
  va_start(arguments, format);
  cli_text_add(&text, "wasmsig: ");
  add_message(&text, format, arguments);
  cli_text_add(&text, "\n");
  cli_text_write(&text);
  va_end(arguments);
}

int cli_usage_error(const char *command, const char *format, ...) {
  struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
  va_list arguments;
  va_start(arguments, format);
  cli_text_add(&text, command ? "wasmsig " : "wasmsig");
  cli_text_add(&text, command ? command : "");
  cli_text_add(&text, ": ");
  add_message(&text, format, arguments);
  cli_text_add(&text, " (try wasmsig ");
  cli_text_add(&text, command ? command : "");
  cli_text_add(&text, command ? " --help)\n" : "--help)\n");
  cli_text_write(&text);
  va_end(arguments);
  return CLI_USAGE;
}

int cli_print(const char *text) {
  fputs(text, stdout);
  return cli_finish_output(CLI_OK);
}

int cli_finish_output(int status) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  cli_message("standard output: %s", strerror(errno));
  return CLI_FAILED;
}
