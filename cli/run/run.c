/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig run`: a WASI program under a CPU limit, with the process's signals.
 */
#include "cli.h"
#include "engines/engine.h"
#include "process/ack_stats.h"
#include "process/end.h"
#include "process/forward.h"
#include "run/compile_limit.h"
#include "run/program.h"
#include "text/module_file.h"

#include <fcntl.h>
#include <unistd.h>

static struct cli_options options;
static wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
static struct cli_job job;
static wasmsig_budget budget;

static int refuse(const char *why) {
  cli_complain("%s: %s", options.file, why);
  return CLI_UNRUNNABLE;
}

static bool is_limited(void) {
  return options.soft_ns != WASMSIG_NO_LIMIT ||
         options.hard_ns != WASMSIG_NO_LIMIT;
}

/* Without limits it is never entered. */
static int init_budget(void) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = options.soft_ns;
  limits.hard_ns = options.hard_ns;
  limits.signal = options.signal;
  limits.registry = job.registry;
  limits.kill = cli_end_by_limit;
  limits.kill_is_signal_safe = true;
  limits.measure = !is_limited();
  return wasmsig_budget_init(&budget, &limits);
}

#define FAR_NS (UINT64_C(3600) * 1000000000)

/* The first section starts threads and timers, which is not the guest's doing:
 * one that is empty goes before it. Its limit is another, as it may take longer
 * than a guest's. */
static int warm_up(void) {
  wasmsig_budget empty;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = FAR_NS;
  int error = wasmsig_budget_init(&empty, &limits);
  if (!error) error = wasmsig_budget_enter(&empty);
  if (error) return error;
  wasmsig_budget_leave(&empty);
  return wasmsig_budget_destroy(&empty);
}

/* The start function may have passed the soft limit, when nobody listened. */
static void tell_what_was_missed(void) {
  if (wasmsig_budget_get_state(&budget) == WASMSIG_BUDGET_SIGNALLED)
    wasmsig_registry_raise(job.registry, options.signal);
}

static void warn_if_deaf(wasmsig_instance instance) {
  if (instance != 0 || options.soft_ns == WASMSIG_NO_LIMIT) return;
  cli_complain("%s: --cpu-soft cannot be heard: %s", options.file,
               wasmsig_verdict_text(report.verdict));
}

/* Inside the section. Answers whether there is a result to report. */
static int run_guest(struct cli_result *result) {
  wasmsig_instance instance = 0;
  if (!options.engine->instantiate(&job, result)) return WASMSIG_OK;
  int error = options.engine->track(&job, &instance);
  if (error) return error;
  warn_if_deaf(instance);
  cli_forwarding_guest(&job, instance);
  cli_watching_start(&options, job.registry, instance);
  tell_what_was_missed();
  options.engine->call(&job, result);
  return WASMSIG_OK;
}

static int finish(const struct cli_result *result) {
  switch (result->end) {
    case CLI_EXITED: return cli_end_by_exit(result->status);
    case CLI_TRAP: return cli_end_by_trap(result->message);
    default: return refuse(result->message);
  }
}

/* Another thread is ending the process. */
static void wait_for_the_end(void) {
  for (;;) pause();
}

static int run_job(void) {
  struct cli_result result;
  cli_compiling_begins(&options);
  bool is_loaded = options.engine->load(&job, &result);
  cli_compiling_ends();
  if (!is_loaded) return refuse(result.message);
  int error = init_budget();
  if (error) return refuse(wasmsig_error_text(error));
  if (!cli_forwarding_start(&options)) return CLI_UNRUNNABLE;
  if (is_limited()) error = warm_up();
  cli_ending_guest_begins();
  if (!error && is_limited()) error = wasmsig_budget_enter(&budget);
  if (!error) error = run_guest(&result);
  /* From here on no signal and no limit ends the process but this. */
  bool ends_here = cli_ending_claim();
  /* Before the section's end takes back what the guest has not taken. */
  cli_watching_stop();
  if (is_limited()) wasmsig_budget_leave(&budget);
  options.engine->close(&job);
  if (!ends_here) wait_for_the_end();
  return error ? refuse(wasmsig_error_text(error)) : finish(&result);
}

/* A stream that we were started without must not become the number of a file of
 * ours, which the guest would read or write. What stands in its place answers
 * EBADF, as nothing would: it cannot be read as input, nor written as output.
 */
static bool fill_closed_streams(void) {
  int opened;
  do {
    opened = open("/dev/null", fcntl(0, F_GETFD) < 0 ? O_WRONLY : O_RDONLY);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
  return opened >= 0;
}

int cli_run(int argc, char **argv) {
  if (!fill_closed_streams()) return CLI_UNRUNNABLE;
  int status = cli_options_parse(&options, argc, argv);
  if (status >= 0) return status;
  cli_ending_prepare(&options);
  uint8_t *bytes;
  if (!cli_read_file(options.file, &bytes, &job.length)) return CLI_UNRUNNABLE;
  int error = wasmsig_module_inspect(bytes, job.length, NULL, &report);
  if (error) return refuse(wasmsig_error_text(error));
  if (!wasmsig_verdict_is_readable(report.verdict)) {
    cli_complain_of_module(options.file, &report);
    return CLI_UNRUNNABLE;
  }
  const char *why = cli_program_refusal(bytes, job.length, &report);
  if (why) return refuse(why);
  error = wasmsig_registry_create(&job.registry);
  if (error) return refuse(wasmsig_error_text(error));
  job.options = &options;
  job.bytes = bytes;
  job.report = &report;
  return run_job();
}
