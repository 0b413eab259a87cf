/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What does a turn of a request cost: enterJs() and the end of the scope that
 * it returns, in steady state, of a request with a soft and a hard limit?
 *
 *     section [SAMPLES]      60 of each row by default
 *
 * The functions are those of the preloaded library; the runtime is replaced by
 * functions that do nothing. A sample is the mean of PAIRS pairs. The baseline
 * reads the thread's CPU clock at both ends. Both take turns in one thread.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "../budget/common.h"

#include "no_runtime.h"
#include "requests.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PAIRS 5000
#define WARM_UP 5 /* rounds */
#define DEFAULT_SAMPLES 60
#define REQUESTS 64 /* in flight; they take turns in the second row */

static char contexts[REQUESTS];

/* ------------------------------------------------------------- contenders */

static void enter_and_leave(void *context) {
  wkd_request_leave(wkd_request_enter(&no_runtime_enforcer, context));
}

static void run_one(void) {
  for (int i = 0; i < PAIRS; i++) enter_and_leave(contexts);
}

static void run_many(void) {
  for (int i = 0; i < PAIRS; i++) enter_and_leave(contexts + i % REQUESTS);
}

/* From the first turn of a request, its only one, to its end. */
static void run_whole(void) {
  for (int i = 0; i < PAIRS; i++) {
    enter_and_leave(contexts);
    wkd_request_context_delete(contexts);
  }
}

static _Atomic(int64_t) used_ns; /* so that no reading is optimised away */

static void run_clock(void) {
  for (int i = 0; i < PAIRS; i++) {
    int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
    atomic_store(&used_ns, now_ns(CLOCK_THREAD_CPUTIME_ID) - start);
  }
}

static double mean_ns(void (*run)(void)) {
  int64_t start = now_ns(CLOCK_MONOTONIC);
  run();
  return (double)(now_ns(CLOCK_MONOTONIC) - start) / PAIRS;
}

/* ------------------------------------------------------------------- rows */

static const struct {
  const char *name;
  void (*run)(void);
} rows[] = {{"enter_leave", run_one},
            {"enter_leave_64", run_many},
            {"whole_request", run_whole}};

static void print(const char *row, const char *who, double ns) {
  printf(
      "{\"bench\":\"workerd\",\"row\":\"%s\",\"who\":\"%s\","
      "\"what\":\"two CPU clock reads\",\"unit\":\"ns\","
      "\"sample\":%.3f}\n",
      row, who, ns);
}

static void sample(size_t row, bool is_warm) {
  double ours = mean_ns(rows[row].run), theirs = mean_ns(run_clock);
  wkd_request_context_delete(contexts);
  if (!is_warm) return;
  print(rows[row].name, "wasmsig", ours);
  print(rows[row].name, "baseline", theirs);
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, DEFAULT_SAMPLES);
  no_runtime_use((uint64_t)(3600 * SECOND), (uint64_t)(7200 * SECOND));
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
    for (long i = -WARM_UP; i < samples; i++) sample(row, i >= 0);
  return EXIT_SUCCESS;
}
