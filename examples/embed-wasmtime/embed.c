/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime, embedded in C, with signals and CPU limits: a guest is signalled
 * when its time is nearly used up, another call is stopped, the host continues.
 *
 *     embed-wasmtime guest.wasm
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmsig/wasmtime.h>

#define MS UINT64_C(1000000)

static void check(bool is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "embed-wasmtime: %s\n", what);
  exit(1);
}

/* Prints the engine's message, if there is an error. */
static void check_error(wasmtime_error_t *error, const char *what) {
  wasm_name_t message;
  if (!error) return;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "embed-wasmtime: %s: %.*s\n", what, (int)message.size,
          message.data);
  exit(1);
}

static void read_file(const char *path, wasm_byte_vec_t *bytes) {
  FILE *file = fopen(path, "rb");
  check(file != NULL, "the guest cannot be opened");
  fseek(file, 0, SEEK_END);
  wasm_byte_vec_new_uninitialized(bytes, (size_t)ftell(file));
  fseek(file, 0, SEEK_SET);
  check(fread(bytes->data, 1, bytes->size, file) == bytes->size,
        "the guest cannot be read");
  fclose(file);
}

/* ----------------------------------------- what an embedder has already */

static wasmtime_context_t *context;
static wasmtime_instance_t instance;

static void instantiate(wasm_engine_t *engine, const wasm_byte_vec_t *bytes) {
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_module_new(engine, (const uint8_t *)bytes->data,
                                  bytes->size, &module),
              "the guest cannot be loaded");
  check_error(wasmtime_instance_new(context, module, NULL, 0, &instance, &trap),
              "the guest cannot be instantiated");
  check(trap == NULL, "the guest's start function trapped");
  wasmtime_module_delete(module);
}

/* Returns NULL, or the trap that ended the call. */
static wasm_trap_t *call(const char *name, int32_t *result) {
  wasmtime_extern_t function;
  wasmtime_val_t value = {0};
  wasm_trap_t *trap = NULL;
  check(wasmtime_instance_export_get(context, &instance, name, strlen(name),
                                     &function),
        "the guest has no such function");
  check_error(wasmtime_func_call(context, &function.of.func, NULL, 0, &value,
                                 result != NULL, &trap),
              "the call failed");
  if (result != NULL) *result = value.of.i32;
  return trap;
}

/* ------------------------------------------------------ what wasmsig adds */

/* The module's bytes and the instance tell where the signal word is. */
static void track(wasmsig_registry *registry, const wasm_byte_vec_t *bytes) {
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = bytes->data;
  options.wasm_length = bytes->size;
  int result =
      wasmsig_wasmtime_track(registry, context, &instance, &options, NULL);
  check(result >= 0, wasmsig_error_text(result));
  check(result == WASMSIG_VERDICT_TRACKED,
        wasmsig_verdict_text((wasmsig_verdict)result));
}

/* A call that is signalled after 20 ms of CPU time, and stopped after 50. */
static int call_limited(wasmsig_registry *registry,
                        struct wasmsig_wasmtime_killer *killer,
                        const char *name, int32_t *result) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = 20 * MS;
  limits.hard_ns = 50 * MS;
  limits.registry = registry;
  wasmsig_wasmtime_killer_apply(killer, &limits);
  wasmsig_budget budget;
  check(wasmsig_budget_init(&budget, &limits) == 0, "no budget");

  check(wasmsig_budget_enter(&budget) == 0, "no section could be entered");
  wasm_trap_t *trap = call(name, result);
  int outcome = wasmsig_budget_leave(&budget);

  check(wasmsig_wasmtime_is_cpu_limit(trap) == (outcome == WASMSIG_LEFT_KILLED),
        "the trap is not what the budget says");
  if (trap != NULL) wasm_trap_delete(trap);
  printf("%-12s  %s after %.2f ms of CPU\n", name,
         outcome == WASMSIG_LEFT_KILLED ? "stopped" : "signalled",
         (double)wasmsig_budget_used_ns(&budget) / (double)MS);
  wasmsig_budget_destroy(&budget);
  return outcome;
}

static void count_primes(wasmsig_registry *registry,
                         struct wasmsig_wasmtime_killer *killer) {
  int32_t primes = 0;
  int outcome = call_limited(registry, killer, "count_primes", &primes);
  check(outcome == WASMSIG_LEFT_SIGNALLED, "the guest was not signalled");
  printf("              and answered: %d primes so far\n", primes);
}

int main(int count, char **arguments) {
  wasm_byte_vec_t bytes;
  check(count == 2, "usage: embed-wasmtime guest.wasm");
  read_file(arguments[1], &bytes);

  /* A hard limit needs an engine whose code checks for it: epochs. */
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);

  /* A registry holds the instances that can be signalled. As the store's data
   * it is destroyed with the store, before the store's memories. */
  wasmsig_registry *registry;
  check(wasmsig_registry_create(&registry) == 0, "no registry");
  wasmtime_store_t *store =
      wasmtime_store_new(engine, registry, wasmsig_wasmtime_finalizer);
  context = wasmtime_store_context(store);
  struct wasmsig_wasmtime_killer *killer = wasmsig_wasmtime_killer(engine);
  check(wasmsig_wasmtime_killer_attach(killer, store) == 0, "no killer");

  instantiate(engine, &bytes);
  track(registry, &bytes);

  count_primes(registry, killer);
  check(call_limited(registry, killer, "never_stops", NULL) ==
            WASMSIG_LEFT_KILLED,
        "the guest was not stopped");
  count_primes(registry, killer); /* the same instance is usable */

  wasmtime_store_delete(store);
  wasmsig_wasmtime_killer_delete(killer);
  wasm_engine_delete(engine);
  wasm_byte_vec_delete(&bytes);
  return 0;
}
