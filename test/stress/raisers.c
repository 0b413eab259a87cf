/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Raisers of the storm: two threads that raise without pause, and the handlers
 * of timers that interrupt every thread at random and raise on top, whatever
 * it is doing, inside another handler too.
 *
 * A raiser is a courier besides: it raises a signal that is its own at the
 * steady registry, waits until the owner of every guest there has seen it, and
 * raises the next. A signal that is lost ends the storm in a failure.
 */
#include "storm.h"
#include "test/support/c_library.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || \
    defined(WASMSIG_DELAYS)
#define LEAST_PAUSE_NS 200000u /* handlers take longer, too */
#else
#define LEAST_PAUSE_NS 20000u
#endif

/* ------------------------------------------------------------------ raises */

static void count_reached(int signal, int64_t reached) {
  add_to(&tally->walks, 1);
  if (reached > 0) {
    add_to(&tally->reached[signal], (uint64_t)reached);
    add_to(&tally->total, (uint64_t)reached);
  } else if (reached < 0) {
    add_to(&tally->refused, 1);
  }
  if (reached < 0 && reached != WASMSIG_EDEAD && reached != WASMSIG_ENOINSTANCE)
    die("a raise failed");
}

static wasmsig_registry *some_passing(uint64_t *random) {
  /* Acquire: the registry is made. */
  return wsig_load_acquire(&scene.passing[pick(random, PASSING)]);
}

static void raise_at_a_handle(int signal, uint64_t *random) {
  uint32_t at = pick(random, HANDLES);
  /* Relaxed, and not both at once: any two numbers will do. */
  wasmsig_registry *registry = wsig_load_relaxed(&scene.handles[at].registry);
  wasmsig_instance instance = wsig_load_relaxed(&scene.handles[at].instance);
  if (registry)
    count_reached(signal, wasmsig_instance_raise(registry, instance, signal));
}

static void touch_a_passing_one(int signal, uint64_t *random) {
  wasmsig_registry *registry = some_passing(random);
  if (!registry) return;
  switch (pick(random, 8)) {
    case 0: wasmsig_registry_clear(registry, 0); break;
    case 1: wasmsig_registry_terminate(registry); break;
    default:
      count_reached(signal, wasmsig_registry_raise(registry, signal));
      break;
  }
}

/* Async-signal-safe: what a handler does, and a raiser all the time. */
static void raise_somewhere(uint64_t *random) {
  int signal = 1 + (int)pick(random, LAST_WILD);
  switch (pick(random, 16)) {
    case 0:
    case 1: count_reached(signal, wasmsig_process_raise(signal)); break;
    case 2:
      for (int i = 0; i < 16; i++) raise_at_a_handle(signal, random);
      break;
    case 3: wasmsig_process_clear(signal); break;
    case 4:
    case 5:
    case 6: touch_a_passing_one(signal, random); break;
    case 7:
      count_reached(signal,
                    wasmsig_registry_raise(scene.steady_registry, signal));
      break;
    default: {
      wasmsig_registry *registry = scene.lasting[pick(random, LASTING)];
      count_reached(signal, wasmsig_registry_raise(registry, signal));
      break;
    }
  }
}

/* ---------------------------------------------------------------- couriers */

#define SECONDS_TO_BE_SEEN 30

static bool is_too_late(time_t sent) {
  return time(NULL) - sent > SECONDS_TO_BE_SEEN;
}

static time_t send_next(uint32_t signal) {
  for (uint32_t i = 0; i < STEADY; i++)
    wsig_and_seq_cst(&scene.steady[i].seen, ~(UINT64_C(1) << (signal - 1)));
  int64_t reached = wasmsig_registry_raise(scene.steady_registry, (int)signal);
  if (reached != STEADY) die("a raise did not reach every steady instance");
  count_reached((int)signal, reached);
  return time(NULL);
}

void *raise_without_pause(void *n) {
  uint32_t signal = COURIER_SIGNAL((uint32_t)(uintptr_t)n);
  uint64_t random = 977 + (uintptr_t)n;
  tally_begin();
  timer_begin();
  time_t sent = send_next(signal);
  while (!storm_is_over()) {
    for (int i = 0; i < 16; i++) raise_somewhere(&random);
    if (steady_have_seen(signal)) {
      add_to(&tally->promises, 1);
      sent = send_next(signal);
    } else if (is_too_late(sent)) {
      die("a signal to a steady instance was lost");
    }
  }
  timer_end();
  return NULL;
}

/* ---------------------------------------------------------------- handlers */

static _Thread_local timer_t timer;
static _Thread_local uint64_t timers_random;
static _Thread_local volatile sig_atomic_t depth, stopped;

/* The next comes a random while after this one has ended: a thread gets on
 * between two of them, however slow it is. */
static void timer_set(void) {
  uint32_t pause = LEAST_PAUSE_NS + pick(&timers_random, 10 * LEAST_PAUSE_NS);
  struct itimerspec once = {.it_value = {.tv_nsec = pause}};
  timer_settime(timer, 0, &once, NULL);
}

static void handle(uint64_t *random) {
  int saved_errno = errno;
  if (depth++ > 0) add_to(&tally->nested, 1);
  add_to(&tally->handlers, 1);
  raise_somewhere(random);
  depth--;
  errno = saved_errno;
}

static void on_timer(int number) {
  (void)number;
  if (stopped) return;
  handle(&timers_random);
  timer_set();
}

static void on_alarm(int number) {
  static uint64_t seed = 1;
  (void)number;
  uint64_t random = wsig_add_relaxed(&seed, 2) * UINT64_C(0x9e3779b97f4a7c15);
  if (tally) handle(&random);
}

static void handle_with(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask); /* the other may interrupt it */
  sigaction(signal, &action, NULL);
}

void timer_begin(void) {
  handle_with(SIGUSR1, on_timer);
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
  timers_random = (uint64_t)event.sigev_notify_thread_id;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) die("no timer");
  timer_set();
}

void timer_end(void) {
  stopped = 1;
  timer_delete(timer);
}

void alarm_begin(void) {
  handle_with(SIGALRM, on_alarm);
  struct itimerval every = {{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &every, NULL);
}

void alarm_end(void) {
  struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, NULL);
}
