/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A guest acknowledges a signal by a store, not by a call. To learn when, a
 * thread checks which signals the guest has pending: every 20 us after a signal
 * was sent, and less often if the guest takes long. Until a signal is sent, the
 * thread sleeps.
 *
 * A signal handler counts a signal as sent with two atomic stores, and wakes
 * the thread with cli_wake_up(), which is async-signal-safe. Counts only grow.
 * They are read when the process ends.
 *
 * The time until the acknowledgement is an upper bound: until the check that
 * saw it.
 */
#include "process/ack_stats.h"

#include "base/quiet_thread.h"
#include "process/clock.h"
#include "process/run_trace.h"
#include "process/wake.h"
#include "text/signal_names.h"

#include <pthread.h>

/* By signal. All fields are atomic. */
static struct {
  uint64_t sent;
  uint64_t acknowledged;
  uint64_t slowest_ns;
  uint64_t pending_since_ns; /* 0: not pending */
} signal_stats[WASMSIG_SIGNAL_MAX + 1];

static wasmsig_registry *registry;
static wasmsig_instance instance;
static struct cli_wake wake;
static pthread_t checker;
static int running; /* atomic */

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)

/* --------------------------------------------------------------- the counts */

static void count_sent(int signal, uint64_t at_ns) {
  uint64_t not_pending = 0;
  __atomic_add_fetch(&signal_stats[signal].sent, 1, __ATOMIC_RELAXED);
  /* Of several that are pending, the first one's time counts. */
  __atomic_compare_exchange_n(&signal_stats[signal].pending_since_ns,
                              &not_pending, at_ns, false, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
}

/* It is in the trace before an acknowledgement of it can be. */
void cli_ack_stats_sent(int signal, const char *by) {
  cli_trace_raised(signal, by);
  count_sent(signal, cli_now_ns(CLOCK_MONOTONIC));
  if (LOAD(running)) cli_wake_up(&wake);
}

static bool any_is_pending(void) {
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (LOAD(signal_stats[i].pending_since_ns)) return true;
  }
  return false;
}

/* At `at_ns` the guest had acknowledged all signals that were sent before. */
static void count_acknowledged(uint64_t at_ns) {
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    uint64_t since = LOAD(signal_stats[i].pending_since_ns);
    if (since == 0 || since > at_ns) continue;
    STORE(signal_stats[i].pending_since_ns, 0);
    STORE(signal_stats[i].acknowledged, LOAD(signal_stats[i].sent));
    cli_trace_acknowledged(i, at_ns - since);
    if (at_ns - since > signal_stats[i].slowest_ns)
      STORE(signal_stats[i].slowest_ns, at_ns - since);
  }
}

/* --------------------------------------------------------------- the thread */

#define SHORT_NS UINT64_C(20000)
#define LONGEST_NS UINT64_C(5000000)

/* The time until the next check. `checks`: how often a pending signal has been
 * checked. */
static uint64_t pause_ns(uint64_t checks) {
  if (!any_is_pending()) return UINT64_C(1000000000);
  uint64_t pause = checks < 500 ? SHORT_NS : checks * 40;
  return pause < LONGEST_NS ? pause : LONGEST_NS;
}

static void sleep_until_woken(uint64_t pause) {
  cli_wake_sleep(&wake, cli_now_ns(CLOCK_MONOTONIC) + pause);
}

static void check(void) {
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  if (wasmsig_instance_waiting(registry, instance) == 0)
    count_acknowledged(now);
}

static void *check_until_stopped(void *unused) {
  (void)unused;
  for (uint64_t checks = 0; LOAD(running); checks++) {
    check();
    if (!any_is_pending()) checks = 0;
    sleep_until_woken(pause_ns(checks));
  }
  return NULL;
}

void cli_ack_stats_start(wasmsig_registry *of_registry,
                         wasmsig_instance of_instance) {
  registry = of_registry;
  instance = of_instance;
  STORE(running, 1);
  /* The process's signals must interrupt the thread that runs the guest. */
  if (wsig_start_quiet_thread(&checker, check_until_stopped) != 0)
    STORE(running, 0);
}

void cli_ack_stats_stop(void) {
  if (!LOAD(running)) return;
  STORE(running, 0);
  cli_wake_up(&wake);
  pthread_join(checker, NULL);
  check(); /* the guest may have acknowledged after the last one */
}

/* ------------------------------------------------------------------- output */

void cli_ack_stats_add_text(struct cli_text *text) {
  bool any = false;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (!LOAD(signal_stats[i].sent)) continue;
    cli_text_add(text, any ? "\n                 " : "");
    any = true;
    cli_text_add(text, cli_signal_name(i));
    cli_text_add(text, " sent ");
    cli_text_number(text, LOAD(signal_stats[i].sent));
    cli_text_add(text, ", acknowledged ");
    cli_text_number(text, LOAD(signal_stats[i].acknowledged));
    if (!LOAD(signal_stats[i].acknowledged)) continue;
    cli_text_add(text, ", at most ");
    cli_text_duration(text, LOAD(signal_stats[i].slowest_ns));
    cli_text_add(text, " after");
  }
  if (!any) cli_text_add(text, "none sent");
}

void cli_ack_stats_add_json(struct cli_text *text) {
  bool any = false;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (!LOAD(signal_stats[i].sent)) continue;
    cli_text_add(text, any ? ",{\"signal\":" : "{\"signal\":");
    any = true;
    cli_text_json(text, cli_signal_name(i));
    cli_text_add(text, ",\"sent\":");
    cli_text_number(text, LOAD(signal_stats[i].sent));
    cli_text_add(text, ",\"acknowledged\":");
    cli_text_number(text, LOAD(signal_stats[i].acknowledged));
    cli_text_add(text, ",\"slowest_ns\":");
    cli_text_number(text, LOAD(signal_stats[i].slowest_ns));
    cli_text_add(text, "}");
  }
}
