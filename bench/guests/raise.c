/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How long does it take from a raise to the guest's handler, if the guest polls
 * about each microsecond? In Wasmtime; another thread raises, at random
 * moments.
 *
 *     raise [SAMPLES]
 *
 * A sample is the time from before the raise until the handler's first import
 * reads the clock, by the monotonic clock. It includes half a turn of the
 * guest's loop, and the transfer of the word from one processor to the other.
 * The baseline is that transfer alone: the same thread waits for a word of the
 * host, without a guest. `turn` is the time of one turn of the guest.
 *
 * Both take turns of several samples. The first sample of each is not counted,
 * because the waiting thread may not wait yet.
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
#define TURN 200  /* samples of a turn, besides one that is not counted */
#define SIGNAL 10 /* SIGUSR1, as the guest expects */
#define PAUSE_NS 20000
#define PATIENCE_NS (2 * SECOND)

static wasmsig_registry *registry;
static wasmtime_context_t *context;
static wasmtime_instance_t instance;

static long turns;                     /* of each of the two */
static _Atomic bool is_signalled;      /* the baseline's word */
static _Atomic int64_t received_at_ns; /* 0: not yet */

/* --------------------------------------------------------------- receiver */

static void note_received(int64_t now) {
  atomic_store_explicit(&received_at_ns, now, memory_order_release);
}

/* Returns whether the guest's turn is over. */
static wasm_trap_t *on_received(void *unused, wasmtime_caller_t *caller,
                                const wasmtime_val_t *arguments, size_t count,
                                wasmtime_val_t *results, size_t result_count) {
  static long received_count;
  int64_t now = now_ns(CLOCK_MONOTONIC);
  (void)unused, (void)caller, (void)arguments, (void)count, (void)result_count;
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = ++received_count % (TURN + 1) == 0;
  note_received(now);
  return NULL;
}

static void wait_for_word(void) {
  for (int i = 0; i <= TURN; i++) {
    while (!atomic_load_explicit(&is_signalled, memory_order_acquire)) continue;
    int64_t now = now_ns(CLOCK_MONOTONIC);
    atomic_store_explicit(&is_signalled, false, memory_order_relaxed);
    note_received(now);
  }
}

/* ----------------------------------------------------------------- raiser */

static void raise_signal(void) {
  check((int)wasmsig_registry_raise(registry, SIGNAL), "raise");
}

static void write_word(void) {
  atomic_store_explicit(&is_signalled, true, memory_order_release);
}

static int64_t signal_and_wait(void (*signal)(void)) {
  int64_t start = now_ns(CLOCK_MONOTONIC), received;
  atomic_store_explicit(&received_at_ns, 0, memory_order_relaxed);
  signal();
  do {
    received = atomic_load_explicit(&received_at_ns, memory_order_acquire);
    if (!received && now_ns(CLOCK_MONOTONIC) - start > PATIENCE_NS)
      fail("the guest", "receives no signal");
  } while (!received);
  return received - start;
}

static void signal_all(void (*signal)(void), const char *who) {
  for (int i = 0; i <= TURN; i++) {
    int64_t until = now_ns(CLOCK_MONOTONIC) + chance(PAUSE_NS);
    while (now_ns(CLOCK_MONOTONIC) < until) continue;
    int64_t taken = signal_and_wait(signal);
    if (i == 0) continue;
    printf(
        "{\"bench\":\"guests\",\"row\":\"raise to handler\",%s,"
        "\"unit\":\"us\",\"sample\":%.4g}\n",
        who, (double)taken / US);
  }
}

static void *raise_all(void *unused) {
  (void)unused;
  for (long i = 0; i < turns; i++) {
    signal_all(raise_signal, "\"who\":\"wasmsig\",\"goal\":{\"p99\":10}");
    signal_all(write_word,
               "\"who\":\"baseline\",\"what\":\"a thread that waits\"");
  }
  return NULL;
}

/* ------------------------------------------------------------------- guest */

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
  wasmtime_func_new(context, type, on_received, NULL, NULL, &import.of.func);
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

struct spent {
  int64_t ns, turns;
};

/* The guest's turn, until it has received TURN + 1 signals. */
static void run_guest(const wasmtime_func_t *run, struct spent *spent) {
  wasmtime_val_t result;
  wasm_trap_t *trap = NULL;
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  check_wasmtime(wasmtime_func_call(context, run, NULL, 0, &result, 1, &trap),
                 "run");
  if (trap) fail("the guest", "has trapped");
  spent->ns += now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
  spent->turns += result.of.i64;
}

int main(int argc, char **argv) {
  pthread_t raiser;
  wasmtime_extern_t run;
  struct spent spent = {0, 0};
  turns = (parse_samples(argc, argv, SAMPLES) + TURN - 1) / TURN;
  instantiate();
  if (!wasmtime_instance_export_get(context, &instance, "run", 3, &run))
    fail("teller.wasm", "has no run");
  check_error(pthread_create(&raiser, NULL, raise_all, NULL), "thread");
  for (long i = 0; i < turns; i++) {
    run_guest(&run.of.func, &spent);
    wait_for_word();
  }
  pthread_join(raiser, NULL);
  printf(
      "{\"bench\":\"guests\",\"row\":\"turn of its loop\",\"who\":\"wasmsig\","
      "\"unit\":\"us\",\"sample\":%.4g}\n",
      (double)spent.ns / (double)spent.turns / US);
  return 0;
}
