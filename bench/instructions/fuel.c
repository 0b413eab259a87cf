/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a guest's poll costs, in instructions of WebAssembly: Wasmtime takes one
 * unit of fuel for each (none for block, loop, nop and drop). Prints a line for
 * each path: its name and the instructions of one operation.
 */
#include "../budget/common.h"
#include "../guests/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH (UINT64_C(1) << 60)
#define TURNS 1000
#define SIGNAL WASMSIG_SIGXCPU

static wasm_engine_t *engine;

struct guest {
  wasmtime_context_t *context;
  wasmtime_instance_t instance;
};

static struct guest load(const char *name) {
  struct guest guest = {0};
  wasm_byte_vec_t bytes;
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  guest.context =
      wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  check_wasmtime(wasmtime_context_set_fuel(guest.context, ENOUGH), "fuel");
  read_guest(name, &bytes);
  check_wasmtime(wasmtime_module_new(engine, (const uint8_t *)bytes.data,
                                     bytes.size, &module),
                 name);
  check_wasmtime(wasmtime_instance_new(guest.context, module, NULL, 0,
                                       &guest.instance, &trap),
                 name);
  if (trap) fail(name, "does not start");
  return guest;
}

static wasmtime_extern_t export_of(struct guest *guest, const char *name) {
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(guest->context, &guest->instance, name,
                                    strlen(name), &item))
    fail(name, "is not exported");
  return item;
}

/* The fuel that a call takes. */
static uint64_t call(struct guest *guest, const char *name,
                     wasmtime_val_t argument, size_t results) {
  wasmtime_extern_t function = export_of(guest, name);
  wasmtime_val_t result;
  wasm_trap_t *trap = NULL;
  uint64_t before, after;
  check_wasmtime(wasmtime_context_get_fuel(guest->context, &before), "fuel");
  check_wasmtime(wasmtime_func_call(guest->context, &function.of.func,
                                    &argument, 1, &result, results, &trap),
                 name);
  check_wasmtime(wasmtime_context_get_fuel(guest->context, &after), "fuel");
  if (trap) fail(name, "has trapped");
  return before - after;
}

static wasmtime_val_t number(int32_t value) {
  return (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = value};
}
static wasmtime_val_t rounds(double value) {
  return (wasmtime_val_t){.kind = WASMTIME_F64, .of.f64 = value};
}

/* A word's place in the host's memory. */
static void *word_of(struct guest *guest, const char *name) {
  wasmtime_extern_t memory = export_of(guest, "memory");
  wasmtime_extern_t global = export_of(guest, name);
  wasmtime_val_t address;
  wasmtime_global_get(guest->context, &global.of.global, &address);
  return wasmtime_memory_data(guest->context, &memory.of.memory) +
         (uint32_t)address.of.i32;
}

static void set_words(struct guest *guest, int signal) {
  uint64_t bit = signal ? UINT64_C(1) << (signal - 1) : 0;
  uint32_t word = (uint32_t)signal;
  memcpy(word_of(guest, "__instance_signal_pending"), &bit, sizeof bit);
  memcpy(word_of(guest, "__instance_signal"), &word, sizeof word);
}

static uint64_t polls(struct guest *guest, int32_t turns) {
  return call(guest, "poll", number(turns), 1) -
         call(guest, "loop", number(turns), 0);
}

static void print(const char *name, uint64_t count) {
  printf("%s\t%" PRIu64 "\n", name, count);
}

static void count_polls(void) {
  struct guest guest = load("poller");
  set_words(&guest, 0);
  print("poll: nothing has come", polls(&guest, TURNS) / TURNS);
  set_words(&guest, SIGNAL);
  print("poll: a signal without a handler", polls(&guest, 1));
  call(&guest, "handle", number(SIGNAL), 0);
  set_words(&guest, SIGNAL);
  print("poll: a signal with a handler", polls(&guest, 1));
}

/* What `wasmsig instrument` adds to a run of a kernel. */
static void count_instrumented(const char *row, const char *bare,
                               const char *instrumented) {
  struct guest without = load(bare), with = load(instrumented);
  uint64_t added = call(&with, "run", rounds(1), 1);
  print(row, added - call(&without, "run", rounds(1), 1));
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_consume_fuel_set(config, true);
  engine = wasm_engine_new_with_config(config);
  if (!engine) fail("Wasmtime", "has no engine with fuel");
  count_polls();
  count_instrumented("polls put into sieve", "sieve.none",
                     "sieve.instrumented");
  count_instrumented("polls put into nbody", "nbody.none",
                     "nbody.instrumented");
  return EXIT_SUCCESS;
}
