/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig inspect`: prints what the module reader finds in a module. */
#include "cli.h"
#include "files/read_file.h"
#include "inspect/prediction.h"
#include "inspect/report_json.h"
#include "inspect/report_text.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/verdict.h"

#include <getopt.h>
#include <stdlib.h>

static int report_on(const char *path, const wasmsig_module_report *report,
                     const struct cli_prediction *prediction, bool json) {
  bool is_readable = wasmsig_verdict_is_readable(report->verdict);
  if (json)
    cli_print_json(path, report, prediction);
  else if (is_readable)
    cli_print_report(path, report, prediction);
  if (!is_readable) {
    cli_print_unreadable(path, report);
    return CLI_FAILED;
  }
  return report->verdict == WASMSIG_VERDICT_TRACKED ? CLI_OK : CLI_UNTRACKED;
}

static int inspect_bytes(const char *path, const uint8_t *bytes, size_t length,
                         bool json) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  int error = wasmsig_module_inspect(bytes, length, &options, &report);
  if (error) {
    cli_message("%s: %s", path, wasmsig_error_text(error));
    return CLI_FAILED;
  }
  struct cli_prediction prediction = cli_predict(bytes, length, &report);
  int status = report_on(path, &report, &prediction, json);
  cli_release_prediction(&prediction);
  wasmsig_module_report_release(&report);
  return cli_finish_output(status);
}

static int inspect_file(const char *path, bool json) {
  uint8_t *bytes;
  size_t length;
  if (!cli_read_file(path, &bytes, &length)) return CLI_FAILED;
  int status = inspect_bytes(path, bytes, length, json);
  free(bytes);
  return status;
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
