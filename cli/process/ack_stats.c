/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A guest acknowledges without a call: by a store. To learn when, a thread
 * looks at what waits for it, every 20 us once a signal was sent, and less
 * often if the guest takes its time. Until a signal is sent it sleeps.
 *
 * A handler counts a signal as sent with two atomic stores, and wakes the
 * thread by sem_post(3), which is async-signal-safe. Sums are only ever added
 * to, and read when the process ends.
 *
 * The soft limit's signal is sent by the core's timer, which tells nobody: the
 * thread looks for it when the guest's CPU time comes near the limit. How long
 * after it was acknowledged is told as the most that it can have been.
 */
#include "process/ack_stats.h"

#include "clock.h"
#include "process/end.h"
#include "text/signal_names.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

static struct {
  uint64_t sent; /* atomic, all of them */
  uint64_t acknowledged;
  uint64_t slowest_ns;
  uint64_t waits_since_ns; /* 0: nothing waits */
} told[WASMSIG_SIGNAL_MAX + 1];

static const struct cli_options *options;
static wasmsig_registry *registry;
static wasmsig_instance instance;
static sem_t wake;
static pthread_t watcher;
static int running; /* atomic */

/* The watcher's; after its end, the main thread's. */
static bool waits_for_soft;
static uint64_t last_look_ns;

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)

static void note_sent(int signal, uint64_t at_ns) {
  uint64_t nothing = 0;
  __atomic_add_fetch(&told[signal].sent, 1, __ATOMIC_RELAXED);
  /* The first of several that wait is what the guest is slow with. */
  __atomic_compare_exchange_n(&told[signal].waits_since_ns, &nothing, at_ns,
                              false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void cli_watching_sent(int signal) {
  note_sent(signal, cli_now_ns(CLOCK_MONOTONIC));
  if (LOAD(running)) sem_post(&wake);
}

static bool something_waits(void) {
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (LOAD(told[i].waits_since_ns)) return true;
  }
  return false;
}

/* Nothing waits for the guest: it has taken all that were sent before. */
static void note_acknowledged(uint64_t at_ns) {
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    uint64_t since = LOAD(told[i].waits_since_ns);
    if (since == 0 || since > at_ns) continue;
    STORE(told[i].waits_since_ns, 0);
    STORE(told[i].acknowledged, LOAD(told[i].sent));
    if (at_ns - since > told[i].slowest_ns)
      STORE(told[i].slowest_ns, at_ns - since);
  }
}

#define SHORT_NS UINT64_C(20000)
#define BEFORE_SOFT_NS UINT64_C(1000000)

static bool soft_limit_was_told(void) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  return statistics.soft > 0;
}

/* How long to sleep: till the next look at a waiting signal, till a moment
 * before the soft limit may have passed, or for a second. A moment before: what
 * is told when the limit has passed is the time since the look before. */
static uint64_t pause_ns(uint64_t looks) {
  if (something_waits()) {
    uint64_t pause = looks < 500 ? SHORT_NS : looks * 40;
    return pause < 5000000 ? pause : 5000000;
  }
  if (!waits_for_soft) return UINT64_C(1000000000);
  uint64_t used = cli_cpu_ns();
  uint64_t left = options->soft_ns > used ? options->soft_ns - used : 0;
  return left > BEFORE_SOFT_NS + SHORT_NS ? left - BEFORE_SOFT_NS : SHORT_NS;
}

static void sleep_until_woken(uint64_t pause) {
  struct timespec until = cli_timespec(cli_now_ns(CLOCK_MONOTONIC) + pause);
  sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
}

static void look(void) {
  uint64_t at = cli_now_ns(CLOCK_MONOTONIC);
  if (waits_for_soft && soft_limit_was_told()) {
    /* At the last look it had not been: so it was sent no earlier. */
    waits_for_soft = false;
    note_sent(options->signal, last_look_ns);
  }
  if (wasmsig_instance_waiting(registry, instance) == 0) note_acknowledged(at);
  last_look_ns = at;
}

static void *watch(void *unused) {
  (void)unused;
  for (uint64_t looks = 0; LOAD(running); looks++) {
    look();
    if (!something_waits()) looks = 0;
    sleep_until_woken(pause_ns(looks));
  }
  return NULL;
}

void cli_watching_start(const struct cli_options *these,
                        wasmsig_registry *where, wasmsig_instance who) {
  sigset_t all, before;
  options = these;
  registry = where;
  instance = who;
  if (!these->stats || who == 0) return;
  waits_for_soft = these->soft_ns != WASMSIG_NO_LIMIT;
  last_look_ns = cli_now_ns(CLOCK_MONOTONIC);
  sem_init(&wake, 0, 0);
  STORE(running, 1);
  /* Signals are for the thread that may be blocked in a call. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&watcher, NULL, watch, NULL) != 0) STORE(running, 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void cli_watching_stop(void) {
  if (!LOAD(running)) return;
  STORE(running, 0);
  sem_post(&wake);
  pthread_join(watcher, NULL);
  look(); /* it may have slept when the guest took the last */
}

/* ------------------------------------------------------------------- sums */

void cli_watching_add_text(struct cli_text *text) {
  bool any = false;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (!LOAD(told[i].sent)) continue;
    cli_text_add(text, any ? "\n                 " : "");
    any = true;
    cli_text_add(text, cli_signal_name(i));
    cli_text_add(text, " sent ");
    cli_text_number(text, LOAD(told[i].sent));
    cli_text_add(text, ", acknowledged ");
    cli_text_number(text, LOAD(told[i].acknowledged));
    if (!LOAD(told[i].acknowledged)) continue;
    cli_text_add(text, ", at most ");
    cli_text_duration(text, LOAD(told[i].slowest_ns));
    cli_text_add(text, " after");
  }
  if (!any) cli_text_add(text, "none sent");
}

void cli_watching_add_json(struct cli_text *text) {
  bool any = false;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (!LOAD(told[i].sent)) continue;
    cli_text_add(text, any ? ",{\"signal\":" : "{\"signal\":");
    any = true;
    cli_text_json(text, cli_signal_name(i));
    cli_text_add(text, ",\"sent\":");
    cli_text_number(text, LOAD(told[i].sent));
    cli_text_add(text, ",\"acknowledged\":");
    cli_text_number(text, LOAD(told[i].acknowledged));
    cli_text_add(text, ",\"slowest_ns\":");
    cli_text_number(text, LOAD(told[i].slowest_ns));
    cli_text_add(text, "}");
  }
}
