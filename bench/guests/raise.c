/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How long from a raise to the guest's handler, if the guest polls about each
 * microsecond? In Wasmtime; another thread raises, at random moments.
 *
 *     raise [SAMPLES]
 *
 * A sample is the time from before the raise until the handler's first import
 * reads the clock, by the monotonic clock. Half a turn of the guest's loop is
 * in it, and that the word goes from one processor to the other. `turn` is how
 * long a turn is.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "../budget/common.h"
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <wasmsig/wasmtime.h>

#define SAMPLES 20000
#define SIGNAL 10 /* SIGUSR1, as the guest expects */
#define PAUSE_NS 20000
#define PATIENCE_NS (2 * SECOND)

static wasmsig_registry *registry;
static wasmtime_context_t *context;
static wasmtime_instance_t instance;

static long samples;
static long heard_count;            /* the guest's thread's */
static _Atomic int64_t heard_at_ns; /* 0: not yet */

static wasm_trap_t *on_heard(void *unused, wasmtime_caller_t *caller,
                             const wasmtime_val_t *arguments, size_t count,
                             wasmtime_val_t *results, size_t result_count) {
  int64_t now = now_ns(CLOCK_MONOTONIC);
  (void)unused, (void)caller, (void)arguments, (void)count, (void)result_count;
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = ++heard_count == samples;
  atomic_store_explicit(&heard_at_ns, now, memory_order_release);
  return NULL;
}

static int64_t raise_and_wait(void) {
  int64_t start = now_ns(CLOCK_MONOTONIC), heard;
  atomic_store_explicit(&heard_at_ns, 0, memory_order_relaxed);
  check((int)wasmsig_registry_raise(registry, SIGNAL), "raise");
  do {
    heard = atomic_load_explicit(&heard_at_ns, memory_order_acquire);
    if (!heard && now_ns(CLOCK_MONOTONIC) - start > PATIENCE_NS)
      fail("the guest", "does not hear");
  } while (!heard);
  return heard - start;
}

static void *raise_all(void *unused) {
  (void)unused;
  for (long i = 0; i < samples; i++) {
    int64_t until = now_ns(CLOCK_MONOTONIC) + chance(PAUSE_NS);
    while (now_ns(CLOCK_MONOTONIC) < until) continue;
    printf(
        "{\"bench\":\"guests\",\"row\":\"raise to handler\","
        "\"who\":\"wasmsig\",\"goal\":{\"p99\":10},\"unit\":\"us\","
        "\"sample\":%.4g}\n",
        (double)raise_and_wait() / US);
  }
  return NULL;
}

static void instantiate(void) {
  wasm_byte_vec_t bytes;
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  wasmtime_extern_t import = {.kind = WASMTIME_EXTERN_FUNC};
  wasm_engine_t *engine = wasm_engine_new();
  context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  read_guest("teller", &bytes);
  check_wasmtime(wasmtime_module_new(engine, (const uint8_t *)bytes.data,
                                     bytes.size, &module),
                 "teller.wasm");
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasmtime_func_new(context, type, on_heard, NULL, NULL, &import.of.func);
  check_wasmtime(
      wasmtime_instance_new(context, module, &import, 1, &instance, &trap),
      "teller.wasm");
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = bytes.data;
  options.wasm_length = bytes.size;
  check(wasmsig_registry_create(&registry), "registry");
  if (wasmsig_wasmtime_track(registry, context, &instance, &options, NULL) !=
      WASMSIG_VERDICT_TRACKED)
    fail("teller.wasm", "cannot be tracked");
}

int main(int argc, char **argv) {
  pthread_t raiser;
  wasmtime_extern_t run;
  wasmtime_val_t turns;
  wasm_trap_t *trap = NULL;
  samples = parse_samples(argc, argv, SAMPLES);
  instantiate();
  if (!wasmtime_instance_export_get(context, &instance, "run", 3, &run))
    fail("teller.wasm", "has no run");
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  check_error(pthread_create(&raiser, NULL, raise_all, NULL), "thread");
  check_wasmtime(
      wasmtime_func_call(context, &run.of.func, NULL, 0, &turns, 1, &trap),
      "run");
  int64_t spent = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
  pthread_join(raiser, NULL);
  if (trap) fail("the guest", "has trapped");
  printf(
      "{\"bench\":\"guests\",\"row\":\"turn of its loop\",\"who\":\"wasmsig\","
      "\"unit\":\"us\",\"sample\":%.4g}\n",
      (double)spent / (double)turns.of.i64 / US);
  return 0;
}
