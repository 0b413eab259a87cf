/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig compile`: writes a module with its compiled code. */
#include "cli.h"
#include "compiled/file.h"
#include "engines/engine.h"
#include "engines/wasmtime_code.h"
#include "files/read_file.h"
#include "files/write_file.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/verdict.h"
#include "wasmsig/module.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
  const char *in, *out;
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static int take_files(struct request *request, int argc, char **argv) {
  if (optind >= argc) return cli_usage_error("compile", "FILE.wasm is missing");
  if (optind + 1 < argc)
    return cli_usage_error("compile", "one file at a time, but '%s' is another",
                           argv[optind + 1]);
  if (!request->out) return cli_usage_error("compile", "-o FILE is missing");
  if (cli_is_standard_output(request->out) && isatty(STDOUT_FILENO))
    return cli_usage_error("compile",
                           "-o: standard output is a terminal: name a file");
  request->in = argv[optind];
  return -1;
}

static int parse(struct request *request, int argc, char **argv) {
  opterr = 0;
  optind = 1;
  for (;;) {
    int option = getopt_long(argc, argv, ":ho:", long_options, NULL);
    switch (option) {
      case -1: return take_files(request, argc, argv);
      case 'o': request->out = optarg; break;
      case 'h': return cli_print(cli_help_compile);
      default:
        return cli_option_error("compile", argv[optind - 1], long_options);
    }
  }
}

static int fail(const struct request *request, const char *why) {
  cli_message("%s: %s", request->in, why);
  return CLI_FAILED;
}

/* Of a component, or of a module that can be read. */
static int compile(const struct request *request, struct cli_bytes module,
                   bool is_component) {
  struct cli_result result;
  struct cli_bytes code;
  const struct cli_bytes name = {(const uint8_t *)request->in,
                                 strlen(request->in)};
  if (!cli_wasmtime_compile(module, is_component, &code, &result))
    return fail(request, result.message);
  size_t length;
  uint8_t *all = cli_compiled_join(code, module, name, &length);
  if (!all) return fail(request, "out of memory");
  bool is_written = cli_write_file(request->out, all, length);
  free(all);
  return is_written ? CLI_OK : CLI_FAILED;
}

int cli_compile(int argc, char **argv) {
  struct request request = {"", NULL};
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  uint8_t *bytes;
  size_t length;
  int status = parse(&request, argc, argv);
  if (status >= 0) return status;
  if (!cli_read_file(request.in, &bytes, &length)) return CLI_FAILED;
  int error = wasmsig_module_inspect(bytes, length, NULL, &report);
  bool is_component = report.verdict == WASMSIG_VERDICT_COMPONENT;
  if (error)
    status = fail(&request, wasmsig_error_text(error));
  else if (is_component || wasmsig_verdict_is_readable(report.verdict))
    status = compile(&request, (struct cli_bytes){bytes, length}, is_component);
  else
    status = (cli_print_unreadable(request.in, &report), CLI_FAILED);
  free(bytes);
  return status;
}
