/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the trace of a JavaScript host has. One process has one trace, whichever
 * of its threads has loaded the addon first.
 *
 * A guest acknowledges a signal by a store, not by a call. To learn when, a
 * thread checks the words of those guests for which a signal was raised: every
 * 20 us at first. It sleeps while none is. A handler that raises a signal
 * stores its time, and wakes the thread by sem_post(3), which is
 * async-signal-safe.
 *
 * A leave takes back a signal of its budget that no guest has taken. This is no
 * acknowledgement: so the thread does not check guests whose environment leaves
 * a section (`is_leaving`), and the leaving thread decides itself, before and
 * after the leave. Who exchanges `since_ns` by 0 records what has become of the
 * signal: it is recorded once.
 *
 * `lock` guards the list of guests. A registry exists as long as its guests are
 * in the list.
 */
#include "tracing.h"

#include "clock.h"
#include "engine.h"

#include "base/quiet_thread.h"
#include "core/signals/registry.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHORT_NS UINT64_C(20000)
#define LONGEST_NS UINT64_C(5000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t wake;
static struct traced_guests process_guests;
static struct traced_guests *all_guests = &process_guests; /* under lock */
static char *file;                                         /* never freed */

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_SEQ_CST)

static void record(struct wsig_trace_event event) {
  if (wsig_trace_is_on()) wsig_trace_instant(&event);
}

/* --------------------------------------------------------- acknowledgements */

static bool is_waiting(const struct traced_guests *guests, int signal) {
  return guests->registry
             ? wsig_registry_waiting_for(guests->registry, signal) > 0
             : wsig_process_waiting_for(signal) > 0;
}

/* What has become of the signal, at `now`. */
static void settle(struct traced_guests *guests, int signal, const char *what,
                   uint64_t now) {
  uint64_t since =
      __atomic_exchange_n(&guests->since_ns[signal], 0, __ATOMIC_SEQ_CST);
  if (since == 0) return;
  record((struct wsig_trace_event){
      .name = what,
      .signal = signal,
      .thread = guests->thread,
      .numbers = {{"after_at_most_ns", now > since ? now - since : 0}}});
}

/* Whether a signal is still waited for. */
static bool check(struct traced_guests *guests) {
  bool any = false;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (!LOAD(guests->since_ns[i])) continue;
    any = true;
    if (LOAD(guests->is_leaving) || is_waiting(guests, i)) continue;
    /* A leave that has begun since may have taken it back. */
    if (!LOAD(guests->is_leaving))
      settle(guests, i, "acknowledged", monotonic_now_ns());
  }
  return any;
}

static bool check_all(void) {
  bool any = false;
  pthread_mutex_lock(&lock);
  for (struct traced_guests *at = all_guests; at; at = at->next)
    any |= check(at);
  pthread_mutex_unlock(&lock);
  return any;
}

static void *check_for_ever(void *unused) {
  for (uint64_t checks = 0;; checks++) {
    if (!check_all()) {
      while (sem_wait(&wake) != 0) continue;
      checks = 0;
    } else {
      uint64_t pause = checks < 500 ? SHORT_NS : checks * 40;
      struct timespec time = {
          .tv_nsec = (long)(pause < LONGEST_NS ? pause : LONGEST_NS)};
      nanosleep(&time, NULL);
    }
  }
  return unused;
}

/* -------------------------------------------------------------------- start */

/* All signals are for other threads. */
static void start_checker(void) {
  pthread_t thread;
  sem_init(&wake, 0, 0);
  if (wsig_start_quiet_thread(&thread, check_for_ever) == 0)
    pthread_detach(thread);
}

/* The child of a fork must not find it locked by a thread of its parent. */
static void lock_for_fork(void) { pthread_mutex_lock(&lock); }
static void unlock_after_fork(void) { pthread_mutex_unlock(&lock); }

static void start(void) {
  const char *why = wsig_trace_start(&(struct wsig_trace_options){
      .file = file, .subject = "WASMSIG_TRACE", .process = "JavaScript"});
  if (why) {
    (void)!dprintf(STDERR_FILENO,
                   "wasmsig: WASMSIG_TRACE: %.600s: %s: this process is not "
                   "traced\n",
                   file, why);
    return;
  }
  start_checker();
  pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
  atexit(wsig_trace_finish);
  at_quick_exit(wsig_trace_finish);
}

void tracing_start(const char *name) {
  pthread_mutex_lock(&lock);
  if (!file) file = strdup(name);
  pthread_mutex_unlock(&lock);
  if (file) pthread_once(&once, start);
}

void tracing_watch(struct traced_guests *guests, wasmsig_registry *registry) {
  if (!wsig_trace_is_on() || guests->is_watched) return;
  guests->registry = registry;
  guests->thread = wsig_trace_thread();
  guests->is_watched = true;
  wsig_trace_name_thread(guests->thread == getpid() ? "main thread" : "worker");
  pthread_mutex_lock(&lock);
  guests->next = all_guests;
  all_guests = guests;
  pthread_mutex_unlock(&lock);
}

void tracing_unwatch(struct traced_guests *guests) {
  if (!guests->is_watched) return;
  pthread_mutex_lock(&lock);
  struct traced_guests **at = &all_guests;
  while (*at != guests) at = &(*at)->next;
  *at = guests->next;
  pthread_mutex_unlock(&lock);
  guests->is_watched = false;
}

/* ----------------------------------------------------------------- sections */

static void add_limit(struct wsig_trace_event *event, size_t i,
                      const char *name, uint64_t ns) {
  if (ns == WASMSIG_NO_LIMIT) return;
  event->numbers[i].name = name;
  event->numbers[i].value = ns;
}

bool tracing_begin_section(const wasmsig_budget_options *options) {
  struct wsig_trace_event event = {.name = "section"};
  if (!wsig_trace_is_on()) return false;
  add_limit(&event, 0, "soft_ns", options->soft_ns);
  add_limit(&event, 1, "hard_ns", options->hard_ns);
  add_limit(&event, 2, "wall_ns", options->wall_ns);
  return wsig_trace_begin(&event);
}

void tracing_leave_section(struct traced_guests *guests,
                           const wasmsig_budget *budget, int signal) {
  if (!guests->is_watched) return;
  STORE(guests->is_leaving, 1);
  bool is_own = wasmsig_budget_get_state(budget) != WASMSIG_BUDGET_RUNNING;
  if (!is_own || !LOAD(guests->since_ns[signal])) return;
  settle(guests, signal,
         is_waiting(guests, signal) ? "withdrawn" : "acknowledged",
         monotonic_now_ns());
}

static const char *outcome_text(int outcome) {
  switch (outcome) {
    case WASMSIG_LEFT_KILLED: return "killed";
    case WASMSIG_LEFT_OUTER_KILLED: return "killed with the section around it";
    case WASMSIG_LEFT_SIGNALLED: return "past the soft limit";
    default: return "within its limits";
  }
}

void tracing_end_section(bool begun, struct traced_guests *guests, int signal,
                         const wasmsig_budget *budget, int outcome) {
  /* Raised by the leave itself, which took it back at once. */
  if (guests->is_watched && !is_waiting(guests, signal))
    settle(guests, signal, "withdrawn", monotonic_now_ns());
  STORE(guests->is_leaving, 0);
  if (!begun) return;
  wsig_trace_end(&(struct wsig_trace_event){
      .name = "section",
      .numbers = {{"used_ns", wasmsig_budget_used_ns(budget)}},
      .text = {"outcome", outcome_text(outcome)}});
}

/* ---------------------------------------------------------- signals, kills */

void tracing_raised(struct traced_guests *guests, int signal, const char *by) {
  uint64_t none = 0;
  if (!wsig_trace_is_on()) return;
  if (!guests) guests = &process_guests;
  record((struct wsig_trace_event){.name = "raised",
                                   .signal = signal,
                                   .thread = guests->thread,
                                   .text = {"by", by}});
  /* Of several that wait, the first one's time counts. */
  __atomic_compare_exchange_n(&guests->since_ns[signal], &none,
                              monotonic_now_ns(), false, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  sem_post(&wake);
}

void tracing_soft_limit(void *context) {
  const struct killing *killing = context;
  const wasmsig_budget_options *options = killing->options;
  struct traced_guests *guests = &killing->engine->traced;
  if (!guests->is_watched) return;
  record((struct wsig_trace_event){.name = "soft limit",
                                   .thread = guests->thread});
  if (wasmsig_registry_count(options->registry) > 0)
    tracing_raised(guests, options->signal, "the soft limit");
}

void tracing_killed(const struct killing *killing, int64_t thread) {
  const char *limit = "kill";
  if (!wsig_trace_is_on()) return;
  switch (wasmsig_budget_get_limit(killing->budget)) {
    case WASMSIG_LIMIT_HARD: limit = "hard"; break;
    case WASMSIG_LIMIT_WALL: limit = "wall"; break;
    default: break;
  }
  record((struct wsig_trace_event){
      .name = "kill", .thread = thread, .text = {"limit", limit}});
}

void tracing_end_of_process(int signal) {
  record(
      (struct wsig_trace_event){.name = "ends the process", .signal = signal});
  wsig_trace_finish();
}
