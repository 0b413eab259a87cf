/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/options.h"

#include "compiled/cache.h"
#include "process/grace.h"
#include "run/wasi_options.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/option_error.h"
#include "text/signal_names.h"
#include "text/sizes.h"
#include "text/times.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------- times */

static bool take_time(const char *option, const char *text, uint64_t *ns) {
  const char *wrong = cli_parse_time(text, ns);
  if (!wrong) return true;
  cli_usage_error("run", "%s: '%s' %s", option, text, wrong);
  return false;
}

/* 0, with or without a unit, and `none` are times here. */
static bool take_grace(const char *text, uint64_t *ns) {
  bool is_none = strcmp(text, "none") == 0;
  if (is_none || cli_is_zero_time(text)) {
    *ns = is_none ? CLI_NO_GRACE : 0;
    return true;
  }
  return take_time("--grace", text, ns);
}

/* The first process of a container receives one SIGTERM, and after some time a
 * SIGKILL (docs/how-to/containers.md). */
static uint64_t default_grace(void) { return getpid() == 1 ? 0 : CLI_NO_GRACE; }

/* ------------------------------------------------------------------- sizes */

static bool take_size(const char *option, const char *text, uint64_t *bytes) {
  const char *wrong = cli_parse_size(text, bytes);
  if (!wrong) return true;
  cli_usage_error("run", "%s: '%s' %s", option, text, wrong);
  return false;
}

/* ----------------------------------------------------------------- signals */

static bool take_signal(const char *text, int *signal) {
  *signal = cli_signal_number(text);
  if (*signal != 0) return true;
  cli_usage_error("run", "--signal: there is no signal '%s'", text);
  return false;
}

static const int forwarded_by_default[] = {SIGINT,  SIGTERM,  SIGHUP,
                                           SIGUSR1, SIGUSR2,  SIGQUIT,
                                           SIGALRM, SIGWINCH, SIGCONT};

static void forward_default(struct cli_options *options) {
  size_t count = sizeof forwarded_by_default / sizeof *forwarded_by_default;
  for (size_t i = 0; i < count; i++)
    options->forward.signals[forwarded_by_default[i]] = true;
}

/* Signals that cannot be handled, that faults raise, that stop the process, or
 * that the C library uses for threads. */
static bool can_be_forwarded(int signal) {
  static const int cannot[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,  SIGFPE,
                               SIGILL,  SIGTRAP, SIGSYS,  SIGABRT, SIGTSTP,
                               SIGTTIN, SIGTTOU, 32,      33};
  for (size_t i = 0; i < sizeof cannot / sizeof *cannot; i++) {
    if (cannot[i] == signal) return false;
  }
  return true;
}

static bool take_forward(struct cli_options *options, char *list) {
  memset(&options->forward, 0, sizeof options->forward);
  options->forward.also_ignored = true; /* the user asks for them */
  if (strcmp(list, "none") == 0 || list[0] == '\0') return true;
  for (char *rest = list, *name; (name = strsep(&rest, ",")) != NULL;) {
    int signal = cli_signal_number(name);
    if (signal == 0) {
      cli_usage_error("run", "--forward: there is no signal '%s'", name);
      return false;
    }
    if (!can_be_forwarded(signal)) {
      cli_usage_error("run", "--forward: %s cannot be forwarded",
                      cli_signal_name(signal));
      return false;
    }
    options->forward.signals[signal] = true;
  }
  return true;
}

/* ------------------------------------------------------------- command line */

enum {
  SOFT = CLI_FIRST_LONG_OPTION,
  HARD,
  COMPILE,
  WALL,
  GRACE,
  MAX_MEMORY,
  SIGNAL,
  FORWARD,
  DIR,
  ENV,
  ENV_INHERIT,
  HTTP,
  ARGV0,
  INVOKE,
  ENGINE,
  NO_CACHE,
  PRECOMPILED,
  STATS,
  JSON,
  TRACE,
  HELP
};

static const struct option long_options[] = {
    {"cpu-soft", required_argument, NULL, SOFT},
    {"cpu-hard", required_argument, NULL, HARD},
    {"cpu-compile", required_argument, NULL, COMPILE},
    {"wall", required_argument, NULL, WALL},
    {"grace", required_argument, NULL, GRACE},
    {"max-memory", required_argument, NULL, MAX_MEMORY},
    {"signal", required_argument, NULL, SIGNAL},
    {"forward", required_argument, NULL, FORWARD},
    {"dir", required_argument, NULL, DIR},
    {"env", required_argument, NULL, ENV},
    {"env-inherit", no_argument, NULL, ENV_INHERIT},
    {"http", no_argument, NULL, HTTP},
    {"argv0", required_argument, NULL, ARGV0},
    {"invoke", required_argument, NULL, INVOKE},
    {"engine", required_argument, NULL, ENGINE},
    {"no-cache", no_argument, NULL, NO_CACHE},
    {"allow-precompiled", no_argument, NULL, PRECOMPILED},
    {"stats", optional_argument, NULL, STATS},
    {"json", no_argument, NULL, JSON},
    {"trace", required_argument, NULL, TRACE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0}};

static bool take_engine(struct cli_options *options, const char *name) {
  options->engine = cli_find_engine(name);
  if (options->engine) return true;
  cli_usage_error(
      "run", "--engine: there is no engine '%s', only wasmtime and wamr", name);
  return false;
}

static bool take_stats(struct cli_options *options, const char *format) {
  if (!format) {
    if (options->stats == CLI_NO_STATS) options->stats = CLI_STATS_TEXT;
    return true;
  }
  bool is_json = strcmp(format, "json") == 0;
  options->stats = is_json ? CLI_STATS_JSON : CLI_STATS_TEXT;
  if (is_json || strcmp(format, "text") == 0) return true;
  cli_usage_error("run", "--stats: '%s' is not text or json", format);
  return false;
}

static bool take(struct cli_options *options, int option) {
  switch (option) {
    case SOFT: return take_time("--cpu-soft", optarg, &options->soft_ns);
    case HARD: return take_time("--cpu-hard", optarg, &options->hard_ns);
    case COMPILE:
      return take_time("--cpu-compile", optarg, &options->compile_ns);
    case WALL: return take_time("--wall", optarg, &options->wall_ns);
    case GRACE: return take_grace(optarg, &options->grace_ns);
    case MAX_MEMORY:
      return take_size("--max-memory", optarg, &options->most_memory);
    case SIGNAL: return take_signal(optarg, &options->signal);
    case FORWARD: return take_forward(options, optarg);
    case DIR: return cli_take_folder(&options->wasi, optarg);
    case ENV: return cli_take_variable(&options->wasi, optarg);
    case ENV_INHERIT: return options->inherits_environment = true;
    case HTTP: return options->wasi.sends_http = true;
    case ARGV0: options->argv0 = optarg; return true;
    case INVOKE: options->invocation.name = optarg; return true;
    case ENGINE: return take_engine(options, optarg);
    case NO_CACHE: options->uses_cache = false; return true;
    case PRECOMPILED: return options->allows_compiled = true;
    case STATS: return take_stats(options, optarg);
    case JSON: options->stats = CLI_STATS_JSON; return true;
    case TRACE: options->trace = optarg; return true;
    default: return false;
  }
}

static bool is_limit(const char *word) {
  static const char *const limits[] = {"--cpu-soft",    "--cpu-hard",
                                       "--cpu-compile", "--wall",
                                       "--grace",       "--max-memory"};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    size_t length = strlen(limits[i]);
    if (strncmp(word, limits[i], length) == 0 &&
        (word[length] == '\0' || word[length] == '='))
      return true;
  }
  return false;
}

/* A limit after FILE has no effect: the program receives the word. */
static void warn_of_misplaced_limit(const struct cli_options *options) {
  char **words = options->wasi.arguments + 1;
  while (*words && strcmp(*words, "--") != 0 && !is_limit(*words)) words++;
  if (!*words || !is_limit(*words)) return;
  cli_message(
      "%s: hint: '%s' after the file goes to the program and limits nothing; "
      "write -- before the file if you mean that",
      options->file, *words);
}

static int take_file(struct cli_options *options, int argc, char **argv) {
  if (optind >= argc) return cli_usage_error("run", "FILE.wasm is missing");
  if (options->soft_ns != WASMSIG_NO_LIMIT &&
      options->soft_ns > options->hard_ns)
    return cli_usage_error("run", "--cpu-soft is above --cpu-hard");
  if (options->uses_cache && !cli_cache_size_is_right("run")) return CLI_USAGE;
  options->file = argv[optind];
  options->wasi.arguments = argv + optind;
  options->wasi.argument_count = argc - optind;
  options->invocation.words = argv + optind + 1;
  options->invocation.word_count = (size_t)(argc - optind - 1);
  bool needs_utf8 = options->engine->needs_utf8;
  if (options->inherits_environment)
    cli_inherit_environment(&options->wasi, needs_utf8);
  if (strcmp(argv[optind - 1], "--") != 0) warn_of_misplaced_limit(options);
  if (options->argv0) argv[optind] = options->argv0;
  return needs_utf8 && !cli_setup_is_utf8(&options->wasi) ? CLI_USAGE : -1;
}

int cli_options_parse(struct cli_options *options, int argc, char **argv) {
  *options = (struct cli_options){.soft_ns = WASMSIG_NO_LIMIT,
                                  .hard_ns = WASMSIG_NO_LIMIT,
                                  .compile_ns = WASMSIG_NO_LIMIT,
                                  .wall_ns = WASMSIG_NO_LIMIT,
                                  .grace_ns = default_grace(),
                                  .most_memory = CLI_ANY_MEMORY,
                                  .uses_cache = true,
                                  .signal = WASMSIG_SIGXCPU,
                                  .engine = cli_find_engine("wasmtime")};
  forward_default(options);
  opterr = 0;
  optind = 1;
  for (;;) {
    /* "+": the words after the file are the guest's. ":": we print errors. */
    int option = getopt_long(argc, argv, "+:h", long_options, NULL);
    if (option == -1) return take_file(options, argc, argv);
    if (option == HELP || option == 'h') return cli_print(cli_help_run);
    if (option == ':' || option == '?')
      return cli_option_error("run", argv[optind - 1], long_options);
    if (!take(options, option)) return CLI_USAGE;
  }
}
