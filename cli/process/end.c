/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Four things can end a run: the guest's exit, a trap, the hard limit (in the
 * timer's handler or in the watchdog) and a signal (in its handler). Whoever
 * comes first claims the end with one exchange; everybody else goes back to
 * what they did, and the process ends under them. A handler that has
 * interrupted the claimer in its own thread goes back too, so nobody waits.
 *
 * All of it is async-signal-safe: text is put together by cli_text, and written
 * by write(2), after poll(2) so that no reader who has stopped reading holds up
 * the end. What the guest has written is out before: its writes are system
 * calls of their own (wasi.c).
 */
#include "process/end.h"

#include "cli.h"
#include "clock.h"
#include "engines/engine.h"
#include "process/ack_stats.h"
#include "process/forward.h"
#include "text/signal_names.h"
#include "text/text.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct cli_options *options;
static int claimed;
static clockid_t guest_clock; /* CPU time of the thread that runs the guest */
static uint64_t cpu_at_start_ns;
static uint64_t wall_at_start_ns;

/* How long a reader of standard error is waited for before the rest is left
 * unsaid: in a handler nothing else could end the process meanwhile. */
static int patience_ms = 100;

void cli_ending_prepare(const struct cli_options *these) {
  options = these;
  pthread_getcpuclockid(pthread_self(), &guest_clock);
  wall_at_start_ns = cli_now_ns(CLOCK_MONOTONIC);
  cli_ending_guest_begins();
}

void cli_ending_guest_begins(void) {
  cpu_at_start_ns = cli_now_ns(guest_clock);
}

uint64_t cli_cpu_ns(void) { return cli_now_ns(guest_clock) - cpu_at_start_ns; }

bool cli_ending_claim(void) {
  return __atomic_exchange_n(&claimed, 1, __ATOMIC_ACQ_REL) == 0;
}

/* ------------------------------------------------------------------- stats */

struct facts {
  const char *ended; /* "exit", "trap", "cpu-limit", "signal" */
  int status;
  int signal; /* 0: none */
  uint64_t cpu_ns;
  uint64_t wall_ns;
  uint64_t guest_bytes;
  uint64_t resident_bytes;
};

static void find_out(struct facts *facts) {
  struct rusage usage;
  facts->cpu_ns = cli_cpu_ns();
  facts->wall_ns = cli_now_ns(CLOCK_MONOTONIC) - wall_at_start_ns;
  facts->guest_bytes = options->engine->memory_size();
  getrusage(RUSAGE_SELF, &usage);
  facts->resident_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

static void add_field(struct cli_text *text, const char *name,
                      uint64_t number) {
  cli_text_add(text, ",\"");
  cli_text_add(text, name);
  cli_text_add(text, "\":");
  cli_text_number(text, number);
}

static void add_json(struct cli_text *text, const struct facts *facts) {
  cli_text_add(text, "{\"file\":");
  cli_text_json(text, options->file);
  cli_text_add(text, ",\"engine\":");
  cli_text_json(text, options->engine->name);
  cli_text_add(text, ",\"ended\":");
  cli_text_json(text, facts->ended);
  add_field(text, "status", (uint64_t)facts->status);
  cli_text_add(text, ",\"signal\":");
  if (facts->signal)
    cli_text_json(text, cli_signal_name(facts->signal));
  else
    cli_text_add(text, "null");
  add_field(text, "cpu_ns", facts->cpu_ns);
  add_field(text, "wall_ns", facts->wall_ns);
  add_field(text, "guest_memory_bytes", facts->guest_bytes);
  add_field(text, "peak_resident_bytes", facts->resident_bytes);
  cli_text_add(text, ",\"signals\":[");
  cli_watching_add_json(text);
  cli_text_add(text, "]}\n");
}

static void add_block(struct cli_text *text, const struct facts *facts) {
  cli_text_add(text, "wasmsig: ");
  cli_text_name(text, options->file);
  cli_text_add(text, " in ");
  cli_text_add(text, options->engine->name);
  cli_text_add(text, ": ");
  cli_text_add(text, facts->ended);
  cli_text_add(text, ", exit status ");
  cli_text_number(text, (uint64_t)facts->status);
  cli_text_add(text, "\n  CPU time       ");
  cli_text_duration(text, facts->cpu_ns);
  cli_text_add(text, "\n  wall time      ");
  cli_text_duration(text, facts->wall_ns);
  cli_text_add(text, "\n  guest memory   ");
  cli_text_size(text, facts->guest_bytes);
  cli_text_add(text, "\n  peak resident  ");
  cli_text_size(text, facts->resident_bytes);
  cli_text_add(text, "\n  signals        ");
  cli_watching_add_text(text);
  cli_text_add(text, "\n");
}

static void add_stats(struct cli_text *text, struct facts *facts) {
  if (!options->stats) return;
  find_out(facts);
  if (options->json)
    add_json(text, facts);
  else
    add_block(text, facts);
}

/* ------------------------------------------------------------------ ending */

/* "wasmsig: FILE: WHAT after 12.3 ms of CPU" */
static void add_line(struct cli_text *text, const char *what,
                     const char *more) {
  cli_text_add(text, "wasmsig: ");
  cli_text_name(text, options->file);
  cli_text_add(text, ": ");
  cli_text_add(text, what);
  cli_text_name(text, more);
  cli_text_add(text, " after ");
  cli_text_duration(text, cli_cpu_ns());
  cli_text_add(text, " of CPU\n");
}

static void say(const char *what, const char *more, struct facts facts) {
  struct cli_text text = {.descriptor = STDERR_FILENO,
                          .patience_ms = patience_ms};
  if (what) add_line(&text, what, more);
  add_stats(&text, &facts);
  cli_text_write(&text);
}

void cli_end_by_limit(void *unused) {
  (void)unused;
  if (!cli_ending_claim()) return;
  say("stopped at its CPU limit", "",
      (struct facts){.ended = "cpu-limit", .status = CLI_CPU_LIMIT});
  _exit(CLI_CPU_LIMIT);
}

void cli_end_by_compiling(void) {
  if (!cli_ending_claim()) return;
  guest_clock = CLOCK_PROCESS_CPUTIME_ID; /* all of its time is the engine's */
  cpu_at_start_ns = 0;
  say("stopped at its CPU limit while it was compiled", "",
      (struct facts){.ended = "cpu-limit", .status = CLI_CPU_LIMIT});
  _exit(CLI_CPU_LIMIT);
}

/* As if nobody had ever handled it. Blocked while its handler runs, it comes
 * when it is let through. */
static void die_of(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t only;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
  raise(signal);
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

void cli_end_by_signal(int signal) {
  if (!cli_ending_claim()) return;
  /* Of a pipe that nobody reads any more a shell says nothing either. */
  say(signal == SIGPIPE ? NULL : "ended by ", cli_signal_name(signal),
      (struct facts){
          .ended = "signal", .status = 128 + signal, .signal = signal});
  die_of(signal);
  _exit(128 + signal); /* one whose default action ends nobody */
}

/* A reader that takes its time is waited for, as long as no signal comes. */
static void wait_for_reader(void) {
  cli_forwarding_stop();
  patience_ms = -1;
}

/* Of a status the system keeps the lowest byte: wait(2). */
int cli_end_by_exit(int status) {
  wait_for_reader();
  if (options->stats)
    say(NULL, "", (struct facts){.ended = "exit", .status = status & 0xff});
  return status & 0xff;
}

int cli_end_by_trap(const char *message) {
  wait_for_reader();
  say("trap: ", message,
      (struct facts){.ended = "trap", .status = CLI_TRAPPED});
  return CLI_TRAPPED;
}
