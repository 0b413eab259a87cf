/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command `wasmsig`: which subcommand, help, version. */
#include "cli.h"

#include "wasmsig/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {{"run", cli_run, cli_help_run},
                {"inspect", cli_inspect, cli_help_inspect}};

#define COMMANDS (sizeof commands / sizeof *commands)

int cli_print_help(const char *text) {
  fputs(text, stdout);
  return fflush(stdout) == 0 ? CLI_OK : CLI_UNRUNNABLE;
}

int cli_usage_error(const char *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "wasmsig%s%s: ", command ? " " : "", command ? command : "");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, " (wasmsig %s%s--help tells more)\n", command ? command : "",
          command ? " " : "");
  va_end(arguments);
  return CLI_USAGE;
}

void cli_complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("wasmsig: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

static int help(int argc, char **argv) {
  for (size_t i = 0; argc > 2 && i < COMMANDS; i++) {
    if (strcmp(argv[2], commands[i].name) == 0)
      return cli_print_help(commands[i].help);
  }
  return cli_print_help(cli_help);
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
  return cli_usage_error(NULL, "there is no command '%s'", name);
}
