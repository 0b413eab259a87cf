/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig run`: runs a WASI program with CPU limits and the process's signals.
 */
#include "cli.h"
#include "core/os/signal_action.h"
#include "files/read_file.h"
#include "process/ack_stats.h"
#include "process/end.h"
#include "process/grace.h"
#include "process/run_time.h"
#include "process/run_trace.h"
#include "run/compile_limit.h"
#include "run/compile_notice.h"
#include "run/options.h"
#include "run/program.h"
#include "run/wall_limit.h"
#include "text/exit_status.h"
#include "text/messages.h"
#include "text/verdict.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct cli_options options;
static wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
static struct cli_job job;
static struct cli_run_info run_info;
static wasmsig_budget budget;
static int soft_is_counted;  /* the soft limit's signal; atomic */
static int guest_is_tracked; /* atomic */

/* In place of an exit status: a message says why the program cannot be run. */
#define REFUSED (-1)

static int refuse(const char *why) {
  cli_message("%s: %s", options.file, why);
  return REFUSED;
}

static bool is_limited(void) {
  return options.soft_ns != WASMSIG_NO_LIMIT ||
         options.hard_ns != WASMSIG_NO_LIMIT;
}

/* ------------------------------------------------------------------ budgets */

/* A guest that cannot receive signals ends at the soft limit, by the signal's
 * default action. */
static bool ends_at_soft_limit(void) {
  return options.engine->receives_signals &&
         !options.engine->receives_signals() &&
         options.soft_ns != WASMSIG_NO_LIMIT &&
         options.soft_ns <= options.hard_ns &&
         !wsig_os_is_harmless(options.signal);
}

static void end_by_soft_limit(void *unused) {
  (void)unused;
  cli_end_by_signal(options.signal);
}

static bool has_observer(void) {
  return options.stats != CLI_NO_STATS || options.trace;
}

static void count_soft_limit(void) {
  if (!__atomic_exchange_n(&soft_is_counted, 1, __ATOMIC_ACQ_REL))
    cli_ack_stats_sent(options.signal, "the soft limit");
}

/* At the soft limit, after the signal was raised. In a handler, or in the
 * watchdog. */
static void on_soft_limit(void *unused) {
  (void)unused;
  if (__atomic_load_n(&guest_is_tracked, __ATOMIC_ACQUIRE)) count_soft_limit();
}

/* Without limits the budget is never entered. */
static int init_budget(void) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = options.soft_ns;
  limits.hard_ns = options.hard_ns;
  limits.signal = options.signal;
  limits.registry = job.registry;
  if (has_observer()) limits.raise = on_soft_limit;
  limits.kill = cli_end_by_limit;
  limits.kill_is_signal_safe = true;
  limits.measure = !is_limited();
  if (ends_at_soft_limit()) {
    limits.hard_ns = options.soft_ns;
    limits.soft_ns = WASMSIG_NO_LIMIT;
    limits.kill = end_by_soft_limit;
  }
  return wasmsig_budget_init(&budget, &limits);
}

#define HOUR_NS (UINT64_C(3600) * 1000000000)

/* The first section starts threads and timers, whose CPU time must not count as
 * the guest's. So an empty section comes first. Its limit is an hour, which it
 * cannot reach. */
static int warm_up(void) {
  wasmsig_budget empty;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = HOUR_NS;
  int error = wasmsig_budget_init(&empty, &limits);
  if (!error) error = wasmsig_budget_enter(&empty);
  if (error) return error;
  wasmsig_budget_leave(&empty);
  return wasmsig_budget_destroy(&empty);
}

/* ---------------------------------------------------------------- the guest */

/* If the module's start function has passed the soft limit, the signal came
 * before the guest was tracked. */
static void repeat_missed_signal(void) {
  if (wasmsig_budget_get_state(&budget) != WASMSIG_BUDGET_SIGNALLED) return;
  if (wasmsig_registry_raise(job.registry, options.signal) > 0)
    count_soft_limit();
}

static void warn_if_untracked(wasmsig_instance instance) {
  if (instance != 0 || options.soft_ns == WASMSIG_NO_LIMIT) return;
  if (options.engine->receives_signals) return;
  cli_message("%s: --cpu-soft has no effect: %s", options.file,
              wasmsig_verdict_text(report.verdict));
}

static bool instantiate(struct cli_result *result) {
  bool begun = cli_trace_begin("instantiate");
  bool is_made = options.engine->instantiate(&job, result);
  cli_trace_end("instantiate", begun);
  return is_made;
}

static void call(struct cli_result *result) {
  bool begun = cli_trace_begin("call");
  options.engine->call(&job, result);
  cli_trace_end("call", begun);
}

/* Within the budget's section. Returns a wasmsig_error; without one, the result
 * is set. */
static int run_guest(struct cli_result *result) {
  wasmsig_instance instance = 0;
  if (!instantiate(result)) return WASMSIG_OK;
  int error = options.engine->track(&job, &instance);
  if (error) return error;
  warn_if_untracked(instance);
  cli_forward_set_guest(job.registry, instance);
  if (has_observer() && instance != 0)
    cli_ack_stats_start(job.registry, instance);
  __atomic_store_n(&guest_is_tracked, instance != 0, __ATOMIC_RELEASE);
  repeat_missed_signal();
  call(result);
  return WASMSIG_OK;
}

static int finish(const struct cli_result *result) {
  int status = result->status;
  if (result->outcome == CLI_REFUSED) return refuse(result->message);
  if (result->outcome != CLI_EXITED) return cli_end_by_trap(result->message);
  if (options.invocation.has_returned) {
    cli_invocation_print(&options.invocation);
    status = cli_finish_output(status);
  }
  return cli_end_by_exit(status);
}

/* --------------------------------------------------------------- the end */

static bool ends_here; /* this thread has claimed the end of the process */

static void claim_end(void) {
  if (!ends_here) ends_here = cli_end_claim();
}

static void wait_for_end_elsewhere(void) {
  while (!ends_here) pause();
}

/* ----------------------------------------------------------------- the job */

static bool compiles; /* as a slice of the trace */

static void compilation_starts(const char *file, bool is_stored) {
  cli_compile_notice_start(file, is_stored);
  compiles = cli_trace_begin("compile");
}

static bool load(struct cli_result *result) {
  bool begun = cli_trace_begin("load");
  cli_compile_limit_start(options.compile_ns);
  bool is_loaded = options.engine->load(&job, result);
  cli_compile_notice_stop();
  cli_compile_limit_stop();
  cli_trace_end("compile", compiles);
  cli_trace_end("load", begun);
  return is_loaded;
}

/* Returns a wasmsig_error; without one, the result is set. */
static int run_section(struct cli_result *result) {
  int error = is_limited() ? wasmsig_budget_enter(&budget) : WASMSIG_OK;
  return error ? error : run_guest(result);
}

static int run_job(void) {
  struct cli_result result;
  if (!load(&result)) return refuse(result.message);
  int error = init_budget();
  if (error) return refuse(wasmsig_error_text(error));
  if (!cli_grace_start(options.grace_ns)) return REFUSED;
  if (!cli_forward_start(&options.forward)) return REFUSED;
  cli_forward_report_others();
  if (has_observer()) cli_forward_report_sigpipe();
  if (is_limited()) error = warm_up();
  cli_run_time_guest_starts();
  bool begun =
      is_limited() && cli_trace_begin_section(options.soft_ns, options.hard_ns);
  if (!error) error = run_section(&result);
  /* From here on no signal and no limit ends the process. */
  claim_end();
  /* Before the end of the section withdraws the signals that are pending. */
  cli_ack_stats_stop();
  if (is_limited()) wasmsig_budget_leave(&budget);
  cli_trace_end("section", begun);
  options.engine->close(&job);
  wait_for_end_elsewhere();
  /* A signal can end the wait for a slow reader of standard error again. */
  cli_forward_stop();
  return error ? refuse(wasmsig_error_text(error)) : finish(&result);
}

/* If the process starts without a standard stream, the next file that we open
 * would get its number, and the guest would read or write that file. So a
 * descriptor of the root takes the number: there always is one, in containers
 * too. Reading and writing it fail with EBADF, as on a closed stream: open(2),
 * O_PATH. */
static bool fill_closed_streams(void) {
  int opened;
  do {
    opened = open("/", O_PATH | O_DIRECTORY);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
  return opened >= 0;
}

/* ----------------------------------------------------------------- the file */

static bool open_compiled(void) {
  static struct cli_compiled compiled;
  if (strcmp(options.file, "-") == 0)
    return refuse("compiled code cannot come from standard input: name a file"),
           false;
  if (!options.allows_compiled)
    return refuse(
               "it is compiled code, which can do all that you can do: "
               "--allow-precompiled runs it, if you trust who wrote it"),
           false;
  const char *why = cli_compiled_open(&compiled, options.file, CLI_WRITERS_ANY);
  if (why) return refuse(why), false;
  job.compiled = &compiled;
  job.bytes = compiled.module.start;
  job.length = compiled.module.length;
  return true;
}

/* The file has a module, or a module with its compiled code. */
static bool read_module(void) {
  uint8_t *bytes;
  if (!cli_read_file(options.file, &bytes, &job.length)) return false;
  job.bytes = bytes;
  return !cli_is_compiled(bytes, job.length) || open_compiled();
}

/* NULL, or why the engine cannot run the module. */
static const char *check_module(void) {
  static struct cli_result result;
  struct cli_bytes module = {job.bytes, job.length};
  const char *why = cli_program_refusal(
      module, &report, job.invocation ? options.invocation.name : "_start",
      options.most_memory);
  if (why || !job.invocation) return why;
  return cli_invocation_prepare(&options.invocation, module, &result)
             ? NULL
             : result.message;
}

/* NULL, or why the engine cannot run the component. */
static const char *choose_component_engine(void) {
  if (job.invocation)
    return "it is a component (WASI 0.2): --invoke calls functions of modules";
  if (!options.engine->for_components)
    return "it is a component (WASI 0.2), which only --engine wasmtime runs";
  options.engine = options.engine->for_components;
  run_info.memory_size = options.engine->memory_size;
  return NULL;
}

static bool check_file(void) {
  int error = wasmsig_module_inspect(job.bytes, job.length, NULL, &report);
  if (error) return refuse(wasmsig_error_text(error)), false;
  bool is_component = report.verdict == WASMSIG_VERDICT_COMPONENT;
  if (!is_component && !wasmsig_verdict_is_readable(report.verdict)) {
    cli_print_unreadable(options.file, &report);
    return false;
  }
  const char *why = is_component ? choose_component_engine() : check_module();
  if (why) refuse(why);
  return !why;
}

/* Returns the exit status, or REFUSED. */
static int run_file(void) {
  if (!cli_wall_limit_start(options.wall_ns)) return REFUSED;
  if (options.invocation.name) job.invocation = &options.invocation;
  if (!read_module() || !check_file()) return REFUSED;
  int error = wasmsig_registry_create(&job.registry);
  if (error) return refuse(wasmsig_error_text(error));
  job.wasi = &options.wasi;
  job.report = &report;
  job.file = options.file;
  job.most_memory = options.most_memory;
  job.uses_cache = options.uses_cache;
  job.compilation_starts = compilation_starts;
  return run_job();
}

int cli_run(int argc, char **argv) {
  if (!fill_closed_streams()) return CLI_FAILED;
  int status = cli_options_parse(&options, argc, argv);
  if (status >= 0) return status;
  cli_run_time_start();
  run_info = (struct cli_run_info){options.file, options.engine->name,
                                   options.engine->memory_size, options.stats};
  cli_end_prepare(&run_info);
  bool is_traced = cli_trace_start(options.trace, options.file);
  status = is_traced ? run_file() : REFUSED;
  if (status == REFUSED) {
    claim_end();
    wait_for_end_elsewhere();
    status = cli_end_by_refusal();
  }
  if (is_traced) cli_trace_stop();
  return status;
}
