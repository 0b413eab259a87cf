/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets on the real clock, each case in a child process of its own: signal
 * handlers, the way of firing and the watchdog are a process's. Guests are C
 * loops that poll their words; an engine is a flag that they read. A case
 * that waits for what never comes is ended by the child's alarm.
 */
#ifndef WSIG_TEST_REAL_CLOCK_H
#define WSIG_TEST_REAL_CLOCK_H

#include "support.h"
#include "test/support/c_library.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>

#define NONE WASMSIG_NO_LIMIT
#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

/* What the header allows a section's time to be off by, and as much again for
 * the two readings that it is compared with. */
#define SLACK_NS (10 * US)

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1 /* puts handlers off until an atomic access or a call */
#else
#define UNDER_TSAN 0
#endif

/* ---------------------------------------------------------------- clocks */

static inline uint64_t clock_ns(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static inline uint64_t thread_cpu_ns(void) {
  return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline uint64_t monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static inline void burn(uint64_t ns) {
  uint64_t end = thread_cpu_ns() + ns;
  while (thread_cpu_ns() < end) continue;
}

/* However often it is interrupted. */
static inline void sleep_ns(uint64_t ns) {
  struct timespec rest = {(time_t)(ns / (1000 * MS)), (long)(ns % (1000 * MS))};
  while (nanosleep(&rest, &rest) != 0) continue;
}

static inline pid_t thread_id(void) { return (pid_t)syscall(SYS_gettid); }

/* ----------------------------------------------------------------- cases */

#define CHILD_EQUAL(is, should)                                       \
  do {                                                                \
    long long is_ = (long long)(is), should_ = (long long)(should);   \
    if (is_ != should_) {                                             \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld (%s)\n", __FILE__, \
              __LINE__, #is, is_, should_, #should);                  \
      _exit(1);                                                       \
    }                                                                 \
  } while (0)

#define CHILD_AT_LEAST(is, least)                                           \
  do {                                                                      \
    unsigned long long is_ = (is), least_ = (least);                        \
    if (is_ < least_) {                                                     \
      fprintf(stderr, "%s:%d: %s is %llu, less than %llu (%s)\n", __FILE__, \
              __LINE__, #is, is_, least_, #least);                          \
      _exit(1);                                                             \
    }                                                                       \
  } while (0)

/* A test that runs in a child, by one way of firing. */
struct child_case {
  void (*body)(void);
  wasmsig_firing firing;
};

#define CASE(sentence) static void sentence(void)

static struct child_case this_case;
static wasmsig_registry *registry;

static inline int set_firing(wasmsig_firing firing, int timer_signal) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = firing;
  options.timer_signal = timer_signal;
  return wasmsig_set_firing(&options);
}

static inline wasmsig_firing_options get_firing(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  CHILD_EQUAL(wasmsig_get_firing(&options), WASMSIG_OK);
  return options;
}

static inline void run_body(void) {
  /* Those are the test library's, which would go on with the tests. */
  const int ours[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (unsigned i = 0; i < sizeof ours / sizeof *ours; i++)
    signal(ours[i], SIG_DFL);
  if (this_case.firing != WASMSIG_FIRING_DEFAULT)
    CHILD_EQUAL(set_firing(this_case.firing, 0), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_registry_create(&registry), WASMSIG_OK);
  this_case.body();
  fflush(NULL);
}

static inline void run_case(void **state) {
  this_case = *(struct child_case *)*state;
  assert_child_is_well(run_body);
}

#define CASE_BY(sentence, firing, name)                \
  {                                                    \
    name, run_case, NULL, NULL, &(struct child_case) { \
      sentence, WASMSIG_FIRING_##firing                \
    }                                                  \
  }
#define PLAIN(sentence) CASE_BY(sentence, DEFAULT, #sentence)
#define BY_TIMER(sentence) CASE_BY(sentence, TIMER, #sentence " (timer)")
#define BY_WATCHDOG(sentence) \
  CASE_BY(sentence, WATCHDOG, #sentence " (watchdog)")
#define BY_BOTH(sentence) BY_TIMER(sentence), BY_WATCHDOG(sentence)

static inline bool by_timer(void) {
  return this_case.firing == WASMSIG_FIRING_TIMER;
}

/* --------------------------------------------------------------- engines */

/* What a kill asks for, in one engine. */
struct engine {
  int requested;         /* the guest is to end; atomic */
  unsigned kills, undos; /* atomic */
  pid_t killer;          /* the thread that called kill last; atomic */
};

static inline void kill_engine(void *context) {
  struct engine *engine = context;
  wsig_add_relaxed(&engine->kills, 1);
  wsig_store_release(&engine->killer, thread_id());
  wsig_store_release(&engine->requested, 1);
}

static inline void undo_engine(void *context) {
  struct engine *engine = context;
  wsig_add_relaxed(&engine->undos, 1);
  wsig_store_release(&engine->requested, 0);
}

static inline void stand_until_killed(const struct engine *engine) {
  while (!wsig_load_acquire(&engine->requested)) continue;
}

/* Limits for `guest` (NULL: no guest) and `engine` (NULL: no kill). */
static inline wasmsig_budget_options limits_of(const struct guest *guest,
                                               struct engine *engine,
                                               uint64_t soft_ns,
                                               uint64_t hard_ns) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = soft_ns;
  options.hard_ns = hard_ns;
  options.measure = true;
  if (guest) {
    options.registry = registry;
    options.instances = &guest->instance;
    options.count = 1;
  }
  if (engine) {
    options.kill = kill_engine;
    options.undo = undo_engine;
    options.context = engine;
  }
  return options;
}

static inline void make(wasmsig_budget *budget, const struct guest *guest,
                        struct engine *engine, uint64_t soft_ns,
                        uint64_t hard_ns) {
  wasmsig_budget_options options = limits_of(guest, engine, soft_ns, hard_ns);
  CHILD_EQUAL(wasmsig_budget_init(budget, &options), WASMSIG_OK);
}

static inline void enter(wasmsig_budget *budget) {
  CHILD_EQUAL(wasmsig_budget_enter(budget), WASMSIG_OK);
}

#define LEFT(budget, outcome) \
  CHILD_EQUAL(wasmsig_budget_leave(budget), WASMSIG_LEFT_##outcome)

static inline void poll_until_told(const struct guest *guest) {
  while (!guest_signal(guest)) continue;
}

/* A whole request: a guest that runs until it is signalled, and not before. */
static inline void be_signalled(struct guest *guest, uint64_t soft_ns) {
  wasmsig_budget budget;
  make(&budget, guest, NULL, soft_ns, NONE);
  uint64_t begin = thread_cpu_ns();
  enter(&budget);
  poll_until_told(guest);
  CHILD_AT_LEAST(thread_cpu_ns() - begin + SLACK_NS, soft_ns);
  LEFT(&budget, SIGNALLED);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), soft_ns);
  CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  CHILD_EQUAL(guest_signal(guest), 0);
  CHILD_EQUAL(wasmsig_budget_destroy(&budget), WASMSIG_OK);
}

/* A whole request: a guest that does not listen. */
static inline void be_killed(struct engine *engine, uint64_t hard_ns) {
  wasmsig_budget budget;
  make(&budget, NULL, engine, NONE, hard_ns);
  uint64_t begin = thread_cpu_ns();
  unsigned undos = engine->undos;
  enter(&budget);
  stand_until_killed(engine);
  CHILD_AT_LEAST(thread_cpu_ns() - begin + SLACK_NS, hard_ns);
  LEFT(&budget, KILLED);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), hard_ns);
  CHILD_EQUAL(engine->undos, undos + 1);
  CHILD_EQUAL(engine->requested, 0);
  CHILD_EQUAL(wasmsig_budget_destroy(&budget), WASMSIG_OK);
}

/* ------------------------------------------------------------- statistics */

static inline wasmsig_statistics statistics(void) {
  wasmsig_statistics now;
  wasmsig_get_statistics(&now);
  return now;
}

/* ----------------------------------------------------------- own timers */

/* A timer of the test whose signal goes to the calling thread. */
static inline timer_t timer_of_this_thread(int signal_number, int value) {
  struct sigevent event;
  timer_t timer;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal_number;
  event.sigev_value.sival_int = value;
  event.sigev_notify_thread_id = thread_id();
  CHILD_EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  return timer;
}

/* Once after `ns`, then each `interval_ns` if that is not 0. */
static inline void timer_start(timer_t timer, uint64_t ns,
                               uint64_t interval_ns) {
  struct itimerspec when = {{0, (long)interval_ns}, {0, (long)ns}};
  CHILD_EQUAL(timer_settime(timer, 0, &when, NULL), 0);
}

/* ---------------------------------------------------------------- threads */

static inline pthread_t start_thread(void *(*body)(void *), void *argument) {
  pthread_t thread;
  CHILD_EQUAL(pthread_create(&thread, NULL, body, argument), 0);
  return thread;
}

static inline void join(pthread_t thread) {
  CHILD_EQUAL(pthread_join(thread, NULL), 0);
}

#endif
