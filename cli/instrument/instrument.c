/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig instrument`: inserts polls into a finished module. OUT may be IN:
 * see files/write_file.h.
 */
#include "cli.h"
#include "files/read_file.h"
#include "files/write_file.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/places.h"
#include "text/verdict.h"

#include "wasmsig/instrument.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
  const char *in;
  const char *out;
  wasmsig_instrument_options options;
  bool is_verbose;
  bool explains;
  bool adds_page;
};

/* ----------------------------------------------------------------- messages */

static void print_refusal(const char *path, const wasmsig_instrumented *made,
                          int error) {
  wasmsig_verdict verdict = made->report.verdict;
  if (error < 0)
    cli_message("%s: %s", path, wasmsig_error_text(error));
  else if (!wasmsig_verdict_is_readable(verdict))
    cli_print_unreadable(path, &made->report);
  else if (made->word >= 0)
    cli_message("%s: %s: %s", path, wasmsig_word_name(made->word), made->why);
  else
    cli_message("%s: %s", path, made->why);
  cli_explain_places(path, made);
}

static bool is_first_with_reason(const wasmsig_instrumented *made, size_t at) {
  for (size_t i = 0; i < at; i++)
    if (made->left_out[i].why == made->left_out[at].why) return false;
  return true;
}

/* Writes the names of the sections that are left out for the same reason as the
 * one at `from`, and how many more there are if not all fit. */
static void list_left_out(const wasmsig_instrumented *made, size_t from,
                          char *names, size_t size) {
  enum { MORE = sizeof " and 18446744073709551615 more" };
  size_t length = 0, more = 0;
  names[0] = '\0';
  for (size_t i = from; i < made->left_out_count; i++) {
    const wasmsig_left_out *section = &made->left_out[i];
    if (section->why != made->left_out[from].why) continue;
    const char *between = length > 0 ? ", " : "";
    if (more > 0 ||
        section->name_length + strlen(between) > size - length - MORE)
      more++;
    else
      length +=
          (size_t)snprintf(names + length, size - length, "%s%.*s", between,
                           (int)section->name_length, section->name);
  }
  if (more > 0)
    snprintf(names + length, size - length, "%s%zu more",
             length > 0 ? " and " : "", more);
}

/* Whether the words have a memory of their own that was not asked for. */
static bool has_second_memory(const struct request *request,
                              const wasmsig_instrumented *made) {
  return made->polls > 0 && made->placement == WASMSIG_WORDS_MEMORY &&
         made->report.memory.count > 0 &&
         request->options.words != WASMSIG_WORDS_IN(WASMSIG_WORDS_MEMORY);
}

/* Prints that handlers do not run in some loop. The polls that were put in do
 * not help: only SIGKILL makes them trap. */
static void warn_of_lifted(const struct request *request,
                           const wasmsig_instrumented *made) {
  const wasmsig_module_polls *polls = &made->report.polls;
  if (polls->lifted == 0 || made->delivers) return;
  cli_message("%s: function %" PRIu32
              " polls before its loops and never in them, as a compiler moved "
              "the load: it is stopped by SIGKILL, but receives no other "
              "signal there. Rebuild it with wasmsig/guest.h or the crate "
              "wasmsig-guest",
              request->in, polls->lifted_function);
}

/* Prints what the user may not expect. */
static void warn(const struct request *request,
                 const wasmsig_instrumented *made) {
  char names[512];
  for (size_t i = 0; i < made->left_out_count; i++) {
    if (!is_first_with_reason(made, i)) continue;
    list_left_out(made, i, names, sizeof names);
    cli_message("%s: left out: %s (%s)", request->in, names,
                made->left_out[i].why);
  }
  if (made->left_out_more > 0)
    cli_message("%s: left out: %zu more", request->in, made->left_out_more);
  if (has_second_memory(request, made))
    cli_message(
        "%s: its words are in a second memory: engines with one memory "
        "(Node 20, WAMR) refuse it, and workerd does not signal it",
        request->in);
  if (made->polls == 0)
    cli_message(request->options.calls
                    ? "%s: it is unchanged: it has no code to poll in"
                    : "%s: it is unchanged: it has no loop to poll in, and no "
                      "recursion (see --calls)",
                request->in);
  warn_of_lifted(request, made);
}

static void print_summary(const struct request *request,
                          const wasmsig_instrumented *made) {
  cli_message("%s: %" PRIu64 " polls, %" PRIu64 " loops, %s", request->in,
              made->polls, made->loops,
              made->polls == 0 ? "no words" : made->reasons[made->placement]);
}

static void print_signals(const struct request *request,
                          const wasmsig_instrumented *made) {
  if (made->polls > 0 && !made->delivers)
    cli_message(
        "%s: its polls take SIGKILL only: it exports no "
        "__instance_signal_deliver",
        request->in);
}

static int write_made(const struct request *request,
                      const wasmsig_instrumented *made) {
  if (!cli_write_file(request->out, made->bytes, made->length))
    return CLI_FAILED;
  warn(request, made);
  if (request->is_verbose) print_signals(request, made);
  if (request->is_verbose) print_summary(request, made);
  if (request->explains && made->polls > 0)
    cli_explain_places(request->in, made);
  return CLI_OK;
}

static int instrument_file(const struct request *request) {
  uint8_t *bytes;
  size_t length;
  if (!cli_read_file(request->in, &bytes, &length)) return CLI_FAILED;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  int error = wasmsig_instrument(bytes, length, &request->options, &made);
  int status = CLI_FAILED;
  if (error)
    print_refusal(request->in, &made, error);
  else
    status = write_made(request, &made);
  wasmsig_instrumented_release(&made);
  free(bytes);
  return status;
}

/* ----------------------------------------------------------------- options */

static bool take_every(const char *text, uint32_t *every) {
  uint32_t number = 0;
  const char *digit = text;
  for (;
       *digit >= '0' && *digit <= '9' && number <= WASMSIG_INSTRUMENT_EVERY_MAX;
       digit++)
    number = number * 10 + (uint32_t)(*digit - '0');
  if (*digit == '\0' && number >= 1 && number <= WASMSIG_INSTRUMENT_EVERY_MAX) {
    *every = number;
    return true;
  }
  cli_usage_error("instrument", "--every: '%s' is no number from 1 to %d", text,
                  WASMSIG_INSTRUMENT_EVERY_MAX);
  return false;
}

/* In V8 and Cranelift an atomic load costs less than counting. */
static bool take_engine(const char *text, uint32_t *every) {
  static const char *const engines[] = {"any", "jsc", "v8", "wasmtime"};
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
    if (strcmp(text, engines[i]) != 0) continue;
    *every = i < 2 ? 0 : 1;
    return true;
  }
  cli_usage_error("instrument", "--for: '%s' is not any, jsc, v8 or wasmtime",
                  text);
  return false;
}

enum {
  EVERY = CLI_FIRST_LONG_OPTION,
  FOR,
  CALLS,
  WORDS,
  ADD_PAGE,
  EXPLAIN,
  HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"every", required_argument, NULL, EVERY},
    {"for", required_argument, NULL, FOR},
    {"calls", no_argument, NULL, CALLS},
    {"words", required_argument, NULL, WORDS},
    {"add-page", no_argument, NULL, ADD_PAGE},
    {"explain", no_argument, NULL, EXPLAIN},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0}};

static bool take(struct request *request, int option) {
  switch (option) {
    case 'o': request->out = optarg; return true;
    case 'v': return request->is_verbose = true;
    case CALLS: return request->options.calls = true;
    case WORDS: return cli_take_places(optarg, &request->options.words);
    case ADD_PAGE: return request->adds_page = true;
    case EXPLAIN: return request->explains = true;
    case FOR: return take_engine(optarg, &request->options.every);
    default: return take_every(optarg, &request->options.every);
  }
}

static int take_files(struct request *request, int argc, char **argv) {
  if (optind >= argc)
    return cli_usage_error("instrument", "IN.wasm is missing");
  if (optind + 1 < argc)
    return cli_usage_error("instrument",
                           "one file at a time, but '%s' is another",
                           argv[optind + 1]);
  request->in = argv[optind];
  if (request->out[0] == '\0')
    return cli_usage_error("instrument", "-o OUT.wasm is missing");
  if (cli_is_standard_output(request->out) && isatty(STDOUT_FILENO))
    return cli_usage_error("instrument",
                           "-o: standard output is a terminal: name a file");
  return -1;
}

static int parse(struct request *request, int argc, char **argv) {
  opterr = 0;
  optind = 1;
  for (;;) {
    int option = getopt_long(argc, argv, ":ho:v", long_options, NULL);
    if (option == -1) return take_files(request, argc, argv);
    if (option == HELP || option == 'h') return cli_print(cli_help_instrument);
    if (option == ':' || option == '?')
      return cli_option_error("instrument", argv[optind - 1], long_options);
    if (!take(request, option)) return CLI_USAGE;
  }
}

int cli_instrument(int argc, char **argv) {
  struct request request = {.out = "",
                            .options = WASMSIG_INSTRUMENT_OPTIONS_INIT};
  request.options.words = WASMSIG_WORDS_DEFAULT;
  int status = parse(&request, argc, argv);
  if (request.adds_page)
    request.options.words |= WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE);
  return status >= 0 ? status : instrument_file(&request);
}
