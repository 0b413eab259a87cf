/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "workerd/options.h"

#include "text/messages.h"
#include "text/option_error.h"
#include "text/times.h"
#include "wasmsig/host.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NONE WASMSIG_NO_LIMIT
#define DEFAULT_MARGIN 10 /* per cent of the limit */
/* As in production. Where requests are limited, so are starts and imports: one
 * that does not end would block the runtime for good. */
#define DEFAULT_STARTUP_NS UINT64_C(1000000000)

static bool take_time(const char *option, const char *text, uint64_t *ns) {
  const char *wrong = cli_parse_time(text, ns);
  if (!wrong) return true;
  cli_usage_error("workerd", "%s: '%s' %s", option, text, wrong);
  return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Decimal, as in 10% or 2.5%; strtod() alone reads much more. */
static bool take_margin(const char *text, double *margin) {
  size_t length = strspn(text, "0123456789.");
  bool is_decimal = length > 0 && is_digit(text[0]) &&
                    is_digit(text[length - 1]) &&
                    strcmp(text + length, "%") == 0;
  char *end;
  *margin = strtod(text, &end);
  if (is_decimal && end == text + length && *margin < 100) return true;
  cli_usage_error("workerd",
                  "--cpu-margin: '%s' is no share; expected 0%% to 99%%", text);
  return false;
}

static bool take_format(const char *text, const char **format) {
  *format = text;
  if (strcmp(text, "text") == 0 || strcmp(text, "json") == 0) return true;
  cli_usage_error("workerd", "--log-format: '%s' is not text or json", text);
  return false;
}

enum {
  LIMIT = CLI_FIRST_LONG_OPTION,
  MARGIN,
  SOFT,
  STARTUP,
  LOG,
  FORMAT,
  METRICS,
  MARK,
  PATH,
  UNLIMITED
};

static bool take(struct cli_workerd_options *options, int option,
                 const char *value) {
  switch (option) {
    case LIMIT: return take_time("--cpu-limit", value, &options->limit_ns);
    case MARGIN: return take_margin(value, &options->margin);
    case SOFT: return take_time("--cpu-soft", value, &options->soft_ns);
    case STARTUP:
      return take_time("--startup-limit", value, &options->startup_ns);
    case LOG: options->log = value; return true;
    case FORMAT: return take_format(value, &options->log_format);
    case METRICS: options->metrics = value; return true;
    case MARK: options->marks_terminated = true; return true;
    case PATH: options->workerd = value; return true;
    case UNLIMITED: options->is_unlimited = true; return true;
    case 'h': options->wants_help = true; return true;
    default: return false;
  }
}

static const struct option names[] = {
    {"cpu-limit", required_argument, NULL, LIMIT},
    {"cpu-margin", required_argument, NULL, MARGIN},
    {"cpu-soft", required_argument, NULL, SOFT},
    {"startup-limit", required_argument, NULL, STARTUP},
    {"log", required_argument, NULL, LOG},
    {"log-format", required_argument, NULL, FORMAT},
    {"metrics", required_argument, NULL, METRICS},
    {"mark-terminated", no_argument, NULL, MARK},
    {"workerd", required_argument, NULL, PATH},
    {"unlimited", no_argument, NULL, UNLIMITED},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static bool parse(struct cli_workerd_options *options, int argc, char **argv) {
  int option;
  opterr = 0;
  optind = 1;
  while ((option = getopt_long(argc, argv, "+:h", names, NULL)) != -1) {
    if (option == '?' || option == ':') {
      cli_option_error("workerd", argv[optind - 1], names);
      return false;
    }
    if (!take(options, option, optarg)) return false;
  }
  return true;
}

static bool asks_nothing(const struct cli_workerd_options *options) {
  return options->limit_ns == NONE && options->soft_ns == NONE &&
         options->startup_ns == NONE && !options->log && !options->metrics &&
         !options->is_unlimited;
}

/* The limits that are not given, from the one of a request. */
static bool complete(struct cli_workerd_options *options) {
  bool has_limit = options->limit_ns != NONE;
  bool has_soft = options->soft_ns != NONE;
  const char *wrong = NULL;
  if (options->margin >= 0 && !has_limit)
    wrong = "--cpu-margin needs --cpu-limit";
  else if (options->margin >= 0 && has_soft)
    wrong = "--cpu-margin and --cpu-soft say the same";
  else if (has_soft && options->soft_ns > options->limit_ns)
    wrong = "--cpu-soft is above --cpu-limit";
  else if (asks_nothing(options))
    wrong = "no limit is given; --unlimited starts workerd without one";
  if (wrong) {
    cli_usage_error("workerd", "%s", wrong);
    return false;
  }
  if (has_limit && options->startup_ns == NONE)
    options->startup_ns = DEFAULT_STARTUP_NS;
  if (!has_limit || has_soft) return true;
  double margin = options->margin >= 0 ? options->margin : DEFAULT_MARGIN;
  options->soft_ns =
      options->limit_ns - (uint64_t)((double)options->limit_ns * margin / 100);
  return true;
}

bool cli_workerd_take_options(struct cli_workerd_options *options, int argc,
                              char **argv) {
  *options = (struct cli_workerd_options){
      .limit_ns = NONE, .soft_ns = NONE, .startup_ns = NONE, .margin = -1};
  if (!parse(options, argc, argv)) return false;
  options->arguments = argv + optind - 1;
  return options->wants_help || complete(options);
}
