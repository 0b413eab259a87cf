/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig instrument`: inserts polls into a finished module, or into those of
 * a folder (folder.h). For a module, OUT may be IN: see files/write_file.h.
 */
#include "cli.h"
#include "files/read_file.h"
#include "files/write_file.h"
#include "instrument/folder.h"
#include "instrument/notes.h"
#include "instrument/request.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/places.h"
#include "text/sizes.h"

#include "wasmsig/instrument.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_made(const struct request *request,
                      const wasmsig_instrumented *made) {
  if (!cli_write_file(request->out, made->bytes, made->length))
    return CLI_FAILED;
  cli_note_made(request, made);
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
    cli_note_refusal(request, &made, error);
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

static bool take_size(const char *text, uint64_t *bytes) {
  const char *wrong = cli_parse_size(text, bytes);
  if (wrong)
    cli_usage_error("instrument", "--max-memory: '%s' %s", text, wrong);
  return !wrong;
}

enum {
  EVERY = CLI_FIRST_LONG_OPTION,
  FOR,
  CALLS,
  WORDS,
  ADD_PAGE,
  MAX_MEMORY,
  EXPLAIN,
  JSON,
  HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"every", required_argument, NULL, EVERY},
    {"for", required_argument, NULL, FOR},
    {"calls", no_argument, NULL, CALLS},
    {"words", required_argument, NULL, WORDS},
    {"add-page", no_argument, NULL, ADD_PAGE},
    {"max-memory", required_argument, NULL, MAX_MEMORY},
    {"explain", no_argument, NULL, EXPLAIN},
    {"json", no_argument, NULL, JSON},
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
    case MAX_MEMORY: return take_size(optarg, &request->options.most_memory);
    case EXPLAIN: return request->explains = true;
    case JSON: return request->is_json = true;
    case FOR: return take_engine(optarg, &request->options.every);
    default: return take_every(optarg, &request->options.every);
  }
}

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int take_files(struct request *request, int argc, char **argv) {
  if (optind >= argc)
    return cli_usage_error("instrument", "IN.wasm or a folder is missing");
  if (optind + 1 < argc)
    return cli_usage_error("instrument",
                           "one file at a time, but '%s' is another",
                           argv[optind + 1]);
  request->in = argv[optind];
  if (request->out[0] == '\0')
    return cli_usage_error("instrument", "-o OUT is missing");
  if (is_folder(request->in) && cli_is_standard_output(request->out))
    return cli_usage_error("instrument",
                           "-o: a folder cannot be written to standard output");
  if (!is_folder(request->in) && request->is_json)
    return cli_usage_error("instrument", "--json is for a folder only");
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
  struct request request = {
      .in = "", .out = "", .options = WASMSIG_INSTRUMENT_OPTIONS_INIT};
  request.options.words = WASMSIG_WORDS_DEFAULT;
  int status = parse(&request, argc, argv);
  if (request.adds_page)
    request.options.words |= WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE);
  if (status >= 0) return status;
  return is_folder(request.in) ? cli_instrument_folder(&request)
                               : instrument_file(&request);
}
