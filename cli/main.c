/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command `wasmsig`: which subcommand, help, version. */
#include "cli.h"

#include "text/text.h"
#include "wasmsig/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {{"run", cli_run, cli_help_run},
                {"inspect", cli_inspect, cli_help_inspect},
                {"instrument", cli_instrument, cli_help_instrument}};

#define COMMANDS (sizeof commands / sizeof *commands)

/* ----------------------------------------------------------------- output */

int cli_finish_output(int status) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  cli_complain("standard output: %s", strerror(errno));
  return CLI_UNRUNNABLE;
}

int cli_print_help(const char *text) {
  fputs(text, stdout);
  return cli_finish_output(CLI_OK);
}

/* What the message quotes cannot make it more than one line. */
static void add_message(struct cli_text *text, const char *format,
                        va_list arguments) {
  char *message;
  if (vasprintf(&message, format, arguments) < 0) message = NULL;
  cli_text_name(text, message ? message : "out of memory");
  free(message);
}

int cli_usage_error(const char *command, const char *format, ...) {
  struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
  va_list arguments;
  va_start(arguments, format);
  cli_text_add(&text, command ? "wasmsig " : "wasmsig");
  cli_text_add(&text, command ? command : "");
  cli_text_add(&text, ": ");
  add_message(&text, format, arguments);
  cli_text_add(&text, " (wasmsig ");
  cli_text_add(&text, command ? command : "");
  cli_text_add(&text, command ? " --help" : "--help");
  cli_text_add(&text, " tells more)\n");
  cli_text_write(&text);
  va_end(arguments);
  return CLI_USAGE;
}

void cli_complain(const char *format, ...) {
  struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
  va_list arguments;
  va_start(arguments, format);
  cli_text_add(&text, "wasmsig: ");
  add_message(&text, format, arguments);
  cli_text_add(&text, "\n");
  cli_text_write(&text);
  va_end(arguments);
}

/* --------------------------------------------------------------- commands */

static int no_command(const char *name) {
  return cli_usage_error(NULL, "there is no command '%s'", name);
}

static int help(int argc, char **argv) {
  if (argc < 3) return cli_print_help(cli_help);
  for (size_t i = 0; i < COMMANDS; i++) {
    if (strcmp(argv[2], commands[i].name) == 0)
      return cli_print_help(commands[i].help);
  }
  return no_command(argv[2]);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs(cli_help, stderr);
    return CLI_USAGE;
  }
  const char *name = argv[1];
  for (size_t i = 0; i < COMMANDS; i++) {
    if (strcmp(name, commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
      strcmp(name, "help") == 0)
    return help(argc, argv);
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
    return cli_print_help("wasmsig " WASMSIG_VERSION "\n");
  return no_command(name);
}
