/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Does the watchdog wake up while no thread is in a section? From 1.2 s after
 * the last section on, its wakes are counted for a second.
 *
 *     idle [SAMPLES]         4 by default
 *
 * A sample is a part of that second: how often the watchdog woke, by its own
 * count or by the kernel's, the larger of both.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "common.h"
#include "observer.h"

#include <stdlib.h>

#define SECTIONS 10
#define SECTION_NS (5 * MS)
#define BUDGET_NS (20 * MS)
#define WAIT_NS (1200 * MS)
#define DEFAULT_SAMPLES 4

static void run_sections(wasmsig_budget *budget) {
  for (int i = 0; i < SECTIONS; i++) {
    check(wasmsig_budget_reset(budget, NULL), "wasmsig_budget_reset");
    check(wasmsig_budget_enter(budget), "wasmsig_budget_enter");
    int64_t end = now_ns(CLOCK_MONOTONIC) + SECTION_NS;
    while (now_ns(CLOCK_MONOTONIC) < end) {
    }
    check(wasmsig_budget_leave(budget), "wasmsig_budget_leave");
  }
}

static int64_t own_count(void) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  return (int64_t)statistics.wakes;
}

static int64_t count_wakes(pid_t watchdog, int64_t ns) {
  int64_t woke = own_count();
  int64_t slept = observer_sleeps(watchdog);
  sleep_ns(ns);
  woke = own_count() - woke;
  slept = observer_sleeps(watchdog) - slept;
  return slept > woke ? slept : woke; /* an end of the thread is negative */
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, DEFAULT_SAMPLES);
  wasmsig_budget budget;
  create_budget(&budget, BUDGET_NS, 2 * BUDGET_NS);
  run_sections(&budget);
  sleep_ns(WAIT_NS);

  pid_t watchdog = observer_find();
  for (long i = 0; i < samples; i++) {
    int64_t wakes = count_wakes(watchdog, SECOND / samples);
    print_sample("idle_wakes", "wakes/s", NULL, (double)(wakes * samples));
  }
  check(wasmsig_budget_destroy(&budget), "wasmsig_budget_destroy");
  return EXIT_SUCCESS;
}
