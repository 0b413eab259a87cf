/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is the cost of a section: enter and leave, in steady state, of a budget
 * with a soft and a hard limit?
 *
 *     section [SAMPLES]      200 of each row by default
 *
 * A sample is the mean of PAIRS pairs. The baselines read a clock at both ends,
 * or wake a waiting thread for each section. All take turns in a random order,
 * in one thread.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "common.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAIRS 10000
#define WARM_UP 5 /* rounds */
#define DEFAULT_SAMPLES 200
#define SOFT_NS (3600 * SECOND)
#define HARD_NS (7200 * SECOND)

static wasmsig_budget outer, inner;

/* The baselines store their result here, so that it cannot be optimised away.
 */
static _Atomic(int64_t) begun_ns, used_ns;

static void publish(int64_t start, int64_t end) {
  atomic_store_explicit(&begun_ns, start, memory_order_relaxed);
  atomic_store_explicit(&used_ns, end - start, memory_order_relaxed);
}

/* ---------------------------------------------------------------- contenders
 */

static void run_section(wasmsig_budget *budget) {
  if (wasmsig_budget_enter(budget) < 0) fail("section", "cannot enter");
  if (wasmsig_budget_leave(budget) < 0) fail("section", "cannot leave");
}

static void run_sections(void) {
  for (int i = 0; i < PAIRS; i++) run_section(&inner);
}

static void run_nested(void) {
  check(wasmsig_budget_enter(&outer), "wasmsig_budget_enter");
  run_sections();
  check(wasmsig_budget_leave(&outer), "wasmsig_budget_leave");
}

static void run_clock(clockid_t clock) {
  for (int i = 0; i < PAIRS; i++) {
    int64_t start = now_ns(clock);
    publish(start, now_ns(clock));
  }
}

static void run_cpu_clock(void) { run_clock(CLOCK_THREAD_CPUTIME_ID); }
static void run_monotonic(void) { run_clock(CLOCK_MONOTONIC); }

/* A thread waits for a deadline; each section wakes it for its own. */
static _Atomic(uint32_t) wakes;
static _Atomic(uint32_t) ending;

static long futex(int operation, uint32_t value) {
  return syscall(SYS_futex, &wakes, operation | FUTEX_PRIVATE_FLAG, value, NULL,
                 NULL, 0);
}

static void wake(void) {
  atomic_fetch_add(&wakes, 1);
  futex(FUTEX_WAKE, 1);
}

static void *wait_for_wakes(void *unused) {
  (void)unused;
  while (!atomic_load(&ending)) futex(FUTEX_WAIT, atomic_load(&wakes));
  return NULL;
}

static void run_futex(void) {
  for (int i = 0; i < PAIRS; i++) {
    int64_t start = now_ns(CLOCK_MONOTONIC);
    wake();
    publish(start, now_ns(CLOCK_MONOTONIC));
  }
}

/* ---------------------------------------------------------------------- rows
 */

enum { SECTION, NESTED, CPU_CLOCK, MONOTONIC, FUTEX, CONTENDERS };

static void (*const contenders[CONTENDERS])(void) = {
    run_sections, run_nested, run_cpu_clock, run_monotonic, run_futex};

static const struct {
  const char *name;
  int ours, theirs;
  const char *what;
} rows[] = {
    {"section", SECTION, CPU_CLOCK, "two CPU clock reads"},
    {"section_nested", NESTED, CPU_CLOCK, "two CPU clock reads"},
    {"section_vs_monotonic", SECTION, MONOTONIC, "two monotonic reads"},
    {"section_vs_futex", SECTION, FUTEX, "a wake each time"},
};

/* Of each contender, the mean of a pair. */
static void time_round(double *ns) {
  uint32_t order[CONTENDERS];
  for (uint32_t i = 0; i < CONTENDERS; i++) order[i] = i;
  shuffle(order, CONTENDERS);
  for (uint32_t i = 0; i < CONTENDERS; i++) {
    int64_t start = now_ns(CLOCK_MONOTONIC);
    contenders[order[i]]();
    ns[order[i]] = (double)(now_ns(CLOCK_MONOTONIC) - start) / PAIRS;
  }
}

static void measure(long samples) {
  double ns[CONTENDERS];
  for (int i = 0; i < WARM_UP; i++) time_round(ns);
  while (samples-- > 0) {
    time_round(ns);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      print_sample(rows[i].name, "ns", NULL, ns[rows[i].ours]);
      print_sample(rows[i].name, "ns", rows[i].what, ns[rows[i].theirs]);
    }
  }
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, DEFAULT_SAMPLES);
  create_budget(&outer, SOFT_NS, HARD_NS);
  create_budget(&inner, SOFT_NS, HARD_NS);
  pthread_t waiter;
  check_error(pthread_create(&waiter, NULL, wait_for_wakes, NULL),
              "pthread_create");

  measure(samples);

  atomic_store(&ending, 1);
  wake();
  pthread_join(waiter, NULL);
  check(wasmsig_budget_destroy(&inner), "wasmsig_budget_destroy");
  check(wasmsig_budget_destroy(&outer), "wasmsig_budget_destroy");
  return EXIT_SUCCESS;
}
