/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Six events can end a run: the guest's exit, a trap, a refusal, the hard limit
 * (in the timer's handler or in the watchdog), the wall-clock limit (in a
 * thread of its own) and a signal (in its handler). The first of them claims
 * the end with an atomic exchange. The others return, and the process ends
 * while they go on. A handler that interrupts the claimer in its own thread
 * returns as well, so no thread waits for another.
 *
 * All of it is async-signal-safe. The trace ends first (trace/wake.c). cli_text
 * builds the message and writes it by write(2). poll(2) comes first, so that a
 * reader who has stopped reading does not delay the end. The guest's own output
 * is complete by then: each of its writes is a system call (wasi/streams.c).
 */
#include "process/end.h"

#include "core/os/default_action.h"
#include "process/run_time.h"
#include "process/run_trace.h"
#include "text/exit_status.h"
#include "text/signal_names.h"

#include <signal.h>
#include <unistd.h>

static const struct cli_run_info *run;
static int claimed; /* atomic */

/* How long to wait for a reader of standard error. After that the rest of the
 * message is dropped: in a handler nothing else could end the process. */
static int patience_ms = 100;

void cli_end_prepare(const struct cli_run_info *of) { run = of; }

bool cli_end_claim(void) {
  return __atomic_exchange_n(&claimed, 1, __ATOMIC_ACQ_REL) == 0;
}

/* --------------------------------------------------------------- reporting */

/* "wasmsig: FILE: REASON after 12.3 ms of CPU" */
static void add_reason(struct cli_text *text, const char *reason,
                       const char *detail) {
  cli_text_add(text, "wasmsig: ");
  cli_text_name(text, run->file);
  cli_text_add(text, ": ");
  cli_text_add(text, reason);
  cli_text_name(text, detail);
  cli_text_add(text, " after ");
  cli_text_duration(text, cli_cpu_ns());
  cli_text_add(text, " of CPU\n");
}

/* `reason` may be NULL: then only the statistics are printed. */
static void report(const char *reason, const char *detail,
                   struct cli_ending ending) {
  struct cli_text text = {.descriptor = STDERR_FILENO,
                          .patience_ms = patience_ms};
  if (reason) add_reason(&text, reason, detail);
  cli_stats_add(&text, run, &ending);
  cli_text_write(&text);
}

/* ----------------------------------------------- in handlers, or any thread */

static const struct cli_ending limit_ending = {.name = "cpu-limit",
                                               .status = CLI_CPU_LIMIT};

void cli_end_by_limit(void *unused) {
  (void)unused;
  if (!cli_end_claim()) return;
  cli_trace_end_by_limit("CPU");
  report("stopped at its CPU limit", "", limit_ending);
  wsig_os_exit(CLI_CPU_LIMIT);
}

void cli_end_by_compile_limit(void) {
  if (!cli_end_claim()) return;
  cli_run_time_count_process();
  cli_trace_end_by_limit("CPU, while it was compiled");
  report("stopped at its CPU limit while it was compiled", "", limit_ending);
  wsig_os_exit(CLI_CPU_LIMIT);
}

void cli_end_by_wall_limit(void) {
  if (!cli_end_claim()) return;
  cli_trace_end_by_limit("wall clock");
  report("stopped at its wall-clock limit", "",
         (struct cli_ending){.name = "wall-limit", .status = CLI_WALL_LIMIT});
  wsig_os_exit(CLI_WALL_LIMIT);
}

void cli_end_by_signal(int signal) {
  if (!cli_end_claim()) return;
  cli_trace_end_by_signal(signal);
  /* Shells do not report SIGPIPE either. */
  report(signal == SIGPIPE ? NULL : "ended by ", cli_signal_name(signal),
         (struct cli_ending){
             .name = "signal", .status = 128 + signal, .signal = signal});
  wsig_os_take_default_action(signal);
}

/* ------------------------------------------------------ in the main thread */

/* A signal can end the wait for a reader now: no need to limit it. */
int cli_end_by_exit(int status) {
  int reported = status & 0xff; /* what the system keeps of it: wait(2) */
  patience_ms = -1;
  cli_trace_end_by("exit", reported);
  report(NULL, "", (struct cli_ending){.name = "exit", .status = reported});
  return reported;
}

int cli_end_by_refusal(void) {
  patience_ms = -1;
  cli_trace_end_by("refused", CLI_FAILED);
  report(NULL, "",
         (struct cli_ending){.name = "refused", .status = CLI_FAILED});
  return CLI_FAILED;
}

int cli_end_by_trap(const char *message) {
  patience_ms = -1;
  cli_trace_end_by("trap", CLI_TRAPPED);
  report("trap: ", message,
         (struct cli_ending){.name = "trap", .status = CLI_TRAPPED});
  return CLI_TRAPPED;
}
