/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command `wasmsig`: selects the subcommand; prints help and version. */
#include "cli.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "wasmsig/host.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {{"run", cli_run, cli_help_run},
                {"inspect", cli_inspect, cli_help_inspect},
                {"instrument", cli_instrument, cli_help_instrument},
                {"compile", cli_compile, cli_help_compile},
                {"cache", cli_cache, cli_help_cache},
                {"workerd", cli_workerd, cli_help_workerd}};

#define COMMANDS (sizeof commands / sizeof *commands)

static int no_such_command(const char *name) {
  return cli_usage_error(NULL, "there is no command '%s'", name);
}

static int print_help(int argc, char **argv) {
  if (argc < 3) return cli_print(cli_help);
  for (size_t i = 0; i < COMMANDS; i++) {
    if (strcmp(argv[2], commands[i].name) == 0)
      return cli_print(commands[i].help);
  }
  return no_such_command(argv[2]);
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
    return print_help(argc, argv);
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
    return cli_print("wasmsig " WASMSIG_VERSION "\n");
  return no_such_command(name);
}
