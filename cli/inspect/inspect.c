/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig inspect`: prints what the module reader finds in a module. */
#include "cli.h"
#include "files/read_file.h"
#include "inspect/report_json.h"
#include "inspect/report_text.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/verdict.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

static int report_on(const char *path, const wasmsig_module_report *report,
                     bool json) {
  bool is_readable = wasmsig_verdict_is_readable(report->verdict);
  if (json)
    cli_print_json(path, report);
  else if (is_readable)
    cli_print_report(path, report);
  if (!is_readable) {
    cli_print_unreadable(path, report);
    return CLI_FAILED;
  }
  return report->verdict == WASMSIG_VERDICT_TRACKED ? CLI_OK : CLI_UNTRACKED;
}

static int inspect_file(const char *path, bool json) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  int descriptor = cli_open_file(path);
  if (descriptor < 0) return CLI_FAILED;
  int error = wasmsig_module_inspect_file(descriptor, &options, &report);
  const char *why =
      error == WASMSIG_EREAD ? strerror(errno) : wasmsig_error_text(error);
  cli_close_file(path, descriptor);
  if (error) {
    cli_message("%s: %s", path, why);
    return CLI_FAILED;
  }
  int status = report_on(path, &report, json);
  wasmsig_module_report_release(&report);
  return cli_finish_output(status);
}

int cli_inspect(int argc, char **argv) {
  enum { JSON = CLI_FIRST_LONG_OPTION, HELP };
  static const struct option long_options[] = {
      {"json", no_argument, NULL, JSON},
      {"help", no_argument, NULL, HELP},
      {NULL, 0, NULL, 0}};
  bool json = false;
  opterr = 0;
  optind = 1;
  for (int option;
       (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
    if (option == HELP || option == 'h') return cli_print(cli_help_inspect);
    if (option != JSON)
      return cli_option_error("inspect", argv[optind - 1], long_options);
    json = true;
  }
  if (optind >= argc) return cli_usage_error("inspect", "FILE.wasm is missing");
  if (optind + 1 < argc)
    return cli_usage_error("inspect", "one file at a time, but '%s' is another",
                           argv[optind + 1]);
  return inspect_file(argv[optind], json);
}
