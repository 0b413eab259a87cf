/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The cost of polls in a guest in Wasmtime, beside the cost of Wasmtime's own
 * ways to interrupt the guest without polls: epochs, and fuel.
 *
 *     wasmtime [SAMPLES]
 *
 * In each round each kernel runs once in each way, in a random order; a sample
 * is the CPU time of such a run. No signal is raised and no epoch ends: only
 * the checks are measured.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "../budget/common.h"
#include "load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define RUN_NS (6 * MS)
#define WARM_UP_NS (20 * MS)
#define ENOUGH (UINT64_C(1) << 60) /* epochs, fuel: never used up */

static const char *const kernels[] = {"nbody",      "sieve", "spectral",
                                      "mandelbrot", "lcg",   "fib"};
#define KERNELS (sizeof kernels / sizeof *kernels)
/* The median is of these: fib, the last, has no loop. */
#define LOOPING (KERNELS - 1)

/* How a kernel runs: a module, in an engine. */
enum {
  NONE,
  HAND,
  CALL,
  COMPILER,
  INSTRUMENTED,
  EACH,
  OWN,
  EPOCHS,
  FUEL,
  WAYS
};

static const struct way {
  const char *module, *label;
  bool epochs, fuel;
} ways[WAYS] = {
    [NONE] = {"none", "no polls", false, false},
    [HAND] = {"hand", "by hand", false, false},
    [CALL] = {"call", "by hand, a call", false, false},
    [COMPILER] = {"compiler", "by the compiler", false, false},
    [INSTRUMENTED] = {"instrumented", "instrumented", false, false},
    [EACH] = {"each", "instrumented, each turn", false, false},
    [OWN] = {"own", "instrumented, each turn, a second memory", false, false},
    [EPOCHS] = {"none", "epochs", true, false},
    [FUEL] = {"none", "fuel", false, true},
};

static struct guest {
  wasmtime_context_t *context;
  wasmtime_func_t run;
} guests[KERNELS][WAYS];

static double rounds_of[KERNELS]; /* how many make a run of RUN_NS */

/* ----------------------------------------------------------------- loading */

static wasm_engine_t *engine_of(const struct way *way) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, way->epochs);
  wasmtime_config_consume_fuel_set(config, way->fuel);
  return wasm_engine_new_with_config(config);
}

static wasmtime_context_t *store_in(wasm_engine_t *engine,
                                    const struct way *way) {
  wasmtime_context_t *context =
      wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  if (way->epochs) wasmtime_context_set_epoch_deadline(context, ENOUGH);
  if (way->fuel)
    check_wasmtime(wasmtime_context_set_fuel(context, ENOUGH), "fuel");
  return context;
}

static void load(const char *kernel, const struct way *way,
                 wasm_engine_t *engine, struct guest *guest) {
  wasm_byte_vec_t bytes;
  wasmtime_module_t *module;
  wasmtime_instance_t instance;
  wasmtime_extern_t run;
  wasm_trap_t *trap = NULL;
  char name[64];
  snprintf(name, sizeof name, "%s.%s", kernel, way->module);
  read_guest(name, &bytes);
  check_wasmtime(wasmtime_module_new(engine, (const uint8_t *)bytes.data,
                                     bytes.size, &module),
                 kernel);
  guest->context = store_in(engine, way);
  check_wasmtime(
      wasmtime_instance_new(guest->context, module, NULL, 0, &instance, &trap),
      kernel);
  if (trap ||
      !wasmtime_instance_export_get(guest->context, &instance, "run", 3, &run))
    fail(kernel, "does not start");
  guest->run = run.of.func;
}

static void load_all(void) {
  for (int way = 0; way < WAYS; way++) {
    wasm_engine_t *engine = engine_of(&ways[way]);
    for (size_t i = 0; i < KERNELS; i++)
      load(kernels[i], &ways[way], engine, &guests[i][way]);
  }
}

/* --------------------------------------------------------------- measuring */

static int64_t run_ns(struct guest *guest, double rounds, uint32_t *answer) {
  wasmtime_val_t argument = {.kind = WASMTIME_F64, .of.f64 = rounds};
  wasmtime_val_t result;
  wasm_trap_t *trap = NULL;
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  check_wasmtime(wasmtime_func_call(guest->context, &guest->run, &argument, 1,
                                    &result, 1, &trap),
                 "run");
  int64_t spent = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
  if (trap) fail("run", "has trapped");
  if (answer) *answer = (uint32_t)result.of.i32;
  return spent;
}

/* The first run of each, because a kernel may continue where it ended. */
static void check_answers(void) {
  for (size_t i = 0; i < KERNELS; i++) {
    uint32_t first, other;
    run_ns(&guests[i][NONE], 1, &first);
    for (int way = NONE + 1; way < WAYS; way++) {
      run_ns(&guests[i][way], 1, &other);
      if (other != first) fail(kernels[i], "has another result with polls");
    }
  }
}

static void calibrate(void) {
  for (size_t i = 0; i < KERNELS; i++) {
    int64_t spent = 0;
    double rounds = 1;
    while (spent < WARM_UP_NS) spent += run_ns(&guests[i][NONE], 1, NULL);
    while (run_ns(&guests[i][NONE], rounds, NULL) < RUN_NS / 2) rounds *= 2;
    rounds_of[i] = rounds;
  }
}

static void print(const char *row, const char *what, const char *unit,
                  const char *goal, double sample) {
  printf("{\"bench\":\"guests\",\"row\":\"wasmtime: %s\",", row);
  if (what)
    printf("\"who\":\"baseline\",\"what\":\"%s\",", what);
  else
    printf("\"who\":\"wasmsig\",");
  if (goal) printf("\"goal\":%s,", goal);
  printf("\"unit\":\"%s\",\"sample\":%.6g}\n", unit, sample);
}

static void print_pair(const char *kernel, int way, int beside,
                       const char *goal, const int64_t *ns) {
  char row[96];
  snprintf(row, sizeof row, "%s %s%s%s", kernel, ways[way].label,
           beside == NONE ? "" : " beside ",
           beside == NONE ? "" : ways[beside].label);
  print(row, NULL, "ms", goal, (double)ns[way] / MS);
  print(row, ways[beside].label, "ms", NULL, (double)ns[beside] / MS);
}

static void run_kernel(size_t kernel, bool is_first, int64_t *ns) {
  uint32_t order[WAYS];
  for (uint32_t i = 0; i < WAYS; i++) order[i] = i;
  if (!is_first) shuffle(order, WAYS);
  for (uint32_t i = 0; i < WAYS; i++)
    ns[order[i]] = run_ns(&guests[kernel][order[i]], rounds_of[kernel], NULL);
}

static void print_kernel(size_t i, const int64_t *ns) {
  const char *kernel = kernels[i];
  print_pair(kernel, HAND, NONE, "{\"ratio\":1.02}", ns);
  print_pair(kernel, CALL, NONE, NULL, ns);
  print_pair(kernel, COMPILER, NONE, NULL, ns);
  print_pair(kernel, INSTRUMENTED, NONE, NULL, ns);
  print_pair(kernel, EACH, NONE, NULL, ns);
  print_pair(kernel, OWN, EACH, NULL, ns);
  print_pair(kernel, EPOCHS, NONE, NULL, ns);
  print_pair(kernel, FUEL, NONE, NULL, ns);
  print_pair(kernel, INSTRUMENTED, EPOCHS, NULL, ns);
  print_pair(kernel, INSTRUMENTED, FUEL, NULL, ns);
}

static int by_size(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The median of the kernels' ratios to `beside`, in this round. */
static double median_ratio(int64_t ns[KERNELS][WAYS], int way, int beside) {
  double ratios[LOOPING];
  for (size_t i = 0; i < LOOPING; i++)
    ratios[i] = (double)ns[i][way] / (double)ns[i][beside];
  qsort(ratios, LOOPING, sizeof *ratios, by_size);
  return ratios[LOOPING / 2];
}

static void print_median(int way, int beside, const char *goal,
                         int64_t ns[KERNELS][WAYS]) {
  char row[96];
  snprintf(row, sizeof row, "median kernel %s%s%s", ways[way].label,
           beside == NONE ? "" : " beside ",
           beside == NONE ? "" : ways[beside].label);
  print(row, NULL, "x", goal, median_ratio(ns, way, beside));
}

static void print_medians(int64_t ns[KERNELS][WAYS]) {
  print_median(HAND, NONE, "{\"p50\":1.02}", ns);
  print_median(CALL, NONE, NULL, ns);
  print_median(COMPILER, NONE, NULL, ns);
  print_median(INSTRUMENTED, NONE, "{\"p50\":1.1}", ns);
  print_median(EACH, NONE, NULL, ns);
  print_median(OWN, EACH, NULL, ns);
  print_median(EPOCHS, NONE, NULL, ns);
  print_median(FUEL, NONE, NULL, ns);
  print_median(INSTRUMENTED, EPOCHS, "{\"p50\":1}", ns);
}

int main(int argc, char **argv) {
  long rounds = parse_samples(argc, argv, 40);
  load_all();
  check_answers();
  calibrate();
  for (long round = 0; round < rounds; round++) {
    int64_t ns[KERNELS][WAYS];
    for (size_t i = 0; i < KERNELS; i++) {
      run_kernel(i, round == 0, ns[i]);
      print_kernel(i, ns[i]);
    }
    print_medians(ns);
  }
  return 0;
}
