/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is the cost of wasmsig's watchdog with a thousand threads, each in a
 * section with a budget of its own (20 ms soft, 10 s hard)?
 *
 *     crowd [SAMPLES]        10 of each row by default
 *
 * 900 of them sleep in their sections. 100 are runnable: half of them spin,
 * half of them yield in a loop. After 20 ms of CPU time such a budget is
 * signalled; its thread leaves and begins a new request.
 *
 * A sample is the CPU time of the watchdog by the kernel's statistics, in a
 * window of 200 ms, in per cent of a processor. The baseline is the same
 * program with one thread, which spins. The two take turns of several windows;
 * between them all threads end.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "common.h"
#include "observer.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define THREADS 1000
#define RUNNABLE 100 /* of them */
#define WINDOW_NS (200 * MS)
#define SETTLE_NS (150 * MS)
#define WINDOWS 5      /* of a turn, */
#define LONE_WINDOWS 2 /* or of the one thread's */
#define DEFAULT_SAMPLES 10
#define STACK ((size_t)64 * 1024)
#define SOFT_NS (20 * MS)
#define HARD_NS (10 * SECOND)
#define LITTLE_WORK 2000 /* turns of a loop: some microseconds */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
enum { GATHERING, LIVING, ENDING };
static int phase;          /* under lock */
static atomic_bool ending; /* for the threads that run */
static atomic_int inside;  /* threads that have entered */

/* ---------------------------------------------------------------- the crowd */

static void enter(wasmsig_budget *budget) {
  check(wasmsig_budget_enter(budget), "wasmsig_budget_enter");
}

static void begin_again(wasmsig_budget *budget) {
  check(wasmsig_budget_leave(budget), "wasmsig_budget_leave");
  check(wasmsig_budget_reset(budget, NULL), "wasmsig_budget_reset");
  enter(budget);
}

static void sleep_until(int wanted) {
  pthread_mutex_lock(&lock);
  while (phase < wanted) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

static void announce(int next) {
  pthread_mutex_lock(&lock);
  phase = next;
  atomic_store(&ending, next == ENDING);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void run_to_the_end(wasmsig_budget *budget, bool yields) {
  while (!atomic_load(&ending)) {
    for (volatile int i = 0; i < LITTLE_WORK; i++) {
    }
    if (wasmsig_budget_get_state(budget) == WASMSIG_BUDGET_SIGNALLED)
      begin_again(budget);
    if (yields) sched_yield();
  }
}

static void *live(void *context) {
  size_t number = (size_t)(uintptr_t)context;
  wasmsig_budget budget;
  create_budget(&budget, SOFT_NS, HARD_NS);
  enter(&budget);
  atomic_fetch_add(&inside, 1);
  if (number < RUNNABLE) {
    sleep_until(LIVING);
    run_to_the_end(&budget, number % 2 == 1);
  }
  sleep_until(ENDING);
  check(wasmsig_budget_leave(&budget), "wasmsig_budget_leave");
  check(wasmsig_budget_destroy(&budget), "wasmsig_budget_destroy");
  return NULL;
}

/* All threads sleep until the last one is started: otherwise the starting
 * thread would wait for a processor. */
static void gather(pthread_t *threads, size_t count) {
  announce(GATHERING);
  atomic_store(&inside, 0);
  pthread_attr_t attributes;
  check_error(pthread_attr_init(&attributes), "pthread_attr_init");
  check_error(pthread_attr_setstacksize(&attributes, STACK),
              "pthread_attr_setstacksize");
  for (size_t i = 0; i < count; i++)
    check_error(
        pthread_create(&threads[i], &attributes, live, (void *)(uintptr_t)i),
        "pthread_create");
  pthread_attr_destroy(&attributes);
  while (atomic_load(&inside) < (int)count) sleep_ns(MS);
}

static void disperse(pthread_t *threads, size_t count) {
  announce(ENDING);
  for (size_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

/* -------------------------------------------------------------- the windows */

static uint64_t signalled(void) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  return statistics.soft;
}

/* The watchdog's share of a processor. */
static double watch_window(pid_t watchdog) {
  int64_t start = now_ns(CLOCK_MONOTONIC);
  int64_t cpu_ns = observer_cpu_ns(watchdog);
  sleep_ns(WINDOW_NS);
  cpu_ns = observer_cpu_ns(watchdog) - cpu_ns;
  return (double)cpu_ns / (double)(now_ns(CLOCK_MONOTONIC) - start);
}

static void take_turn(const char *row, const char *what, size_t count,
                      long windows) {
  static pthread_t threads[THREADS];
  gather(threads, count);
  pid_t watchdog = observer_find();
  announce(LIVING);
  sleep_ns(SETTLE_NS);
  if (watchdog == 0) watchdog = observer_find();
  for (long i = 0; i < windows; i++)
    print_sample(row, "% of a core", what, watch_window(watchdog) * 100);
  disperse(threads, count);
}

static void measure(const char *row, wasmsig_firing firing, long samples) {
  set_firing(firing);
  uint64_t before = signalled();
  for (long left = samples; left > 0; left -= WINDOWS) {
    take_turn(row, "one thread", 1, LONE_WINDOWS);
    take_turn(row, NULL, THREADS, left < WINDOWS ? left : WINDOWS);
  }
  if (signalled() == before) fail(row, "no budget was signalled");
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, DEFAULT_SAMPLES);
  measure("threads_1000", WASMSIG_FIRING_TIMER, samples);
  measure("threads_1000_watchdog", WASMSIG_FIRING_WATCHDOG, samples);
  return EXIT_SUCCESS;
}
