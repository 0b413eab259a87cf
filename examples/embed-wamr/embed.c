/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * WAMR, embedded in C, with signals and CPU limits: a guest is signalled when
 * its time is nearly used up, another call is stopped, and the host continues.
 *
 *     embed-wamr guest.wasm
 */
#include <stdio.h>
#include <stdlib.h>
#include <wasmsig/wamr.h>

#define MS UINT64_C(1000000)
#define STACK_SIZE (64 * 1024)

static void end_with(const char *what, const char *why) {
  fprintf(stderr, "embed-wamr: %s%s%s\n", what, *why ? ": " : "", why);
  exit(1);
}

static void check(bool is_right, const char *what) {
  if (!is_right) end_with(what, "");
}

/* The bytes must stay until the module is unloaded. */
static uint8_t *read_file(const char *path, uint32_t *length) {
  FILE *file = fopen(path, "rb");
  check(file != NULL, "the guest cannot be opened");
  fseek(file, 0, SEEK_END);
  *length = (uint32_t)ftell(file);
  fseek(file, 0, SEEK_SET);
  uint8_t *bytes = malloc(*length);
  check(bytes != NULL && fread(bytes, 1, *length, file) == *length,
        "the guest cannot be read");
  fclose(file);
  return bytes;
}

/* ----------------------------------------- what an embedder has already */

static wasm_module_t module;
static wasm_module_inst_t instance;
static wasm_exec_env_t exec_env;

static void instantiate(uint8_t *bytes, uint32_t length) {
  char error[128];
  check(wasm_runtime_init(), "WAMR does not start");
  module = wasm_runtime_load(bytes, length, error, sizeof error);
  if (!module) end_with("the guest cannot be loaded", error);
  instance =
      wasm_runtime_instantiate(module, STACK_SIZE, 0, error, sizeof error);
  if (!instance) end_with("the guest cannot be instantiated", error);
  exec_env = wasm_runtime_create_exec_env(instance, STACK_SIZE);
  check(exec_env != NULL, "no exec_env");
}

/* Whether the call returned. */
static bool call(const char *name, uint32_t *result) {
  wasm_function_inst_t function = wasm_runtime_lookup_function(instance, name);
  check(function != NULL, "the guest has no such function");
  return wasm_runtime_call_wasm(exec_env, function, 0, result);
}

static void end(void) {
  wasm_runtime_destroy_exec_env(exec_env);
  wasm_runtime_deinstantiate(instance);
  wasm_runtime_unload(module);
  wasm_runtime_destroy();
}

/* ------------------------------------------------------ what wasmsig adds */

static wasmsig_registry *registry;
static wasmsig_wamr_tracked tracked;

/* A registry holds the instances that can be signalled. The exports of this one
 * tell where its signal word is. */
static void track(void) {
  check(wasmsig_registry_create(&registry) == 0, "no registry");
  int result = wasmsig_wamr_track(registry, instance, &tracked);
  if (result < 0)
    end_with("the guest cannot be signalled", wasmsig_error_text(result));
  if (result > 0)
    end_with("the guest cannot be signalled",
             wasmsig_verdict_text((wasmsig_verdict)result));
}

/* A call that is signalled after 20 ms of CPU time, and stopped after 50. */
static int call_limited(const char *name, uint32_t *result) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = 20 * MS;
  limits.hard_ns = 50 * MS;
  limits.registry = registry;
  wasmsig_wamr_killer_apply(instance, &limits);
  wasmsig_budget budget;
  check(wasmsig_budget_init(&budget, &limits) == 0, "no budget");

  wasmsig_wamr_sync(&tracked); /* for builds of WAMR whose memories move */
  check(wasmsig_budget_enter(&budget) == 0, "no section could be entered");
  bool returned = call(name, result);
  bool is_limit = wasmsig_wamr_is_cpu_limit(instance);
  int outcome = wasmsig_budget_leave(&budget); /* makes the instance usable */

  if (!returned && !is_limit)
    end_with("the guest trapped", wasm_runtime_get_exception(instance));
  printf("%-12s  %s after %.2f ms of CPU\n", name,
         outcome == WASMSIG_LEFT_KILLED ? "stopped" : "signalled",
         (double)wasmsig_budget_used_ns(&budget) / (double)MS);
  wasmsig_budget_destroy(&budget);
  return outcome;
}

static void count_primes(void) {
  uint32_t primes = 0;
  check(call_limited("count_primes", &primes) == WASMSIG_LEFT_SIGNALLED,
        "the guest was not signalled");
  printf("              and answered: %u primes so far\n", primes);
}

int main(int count, char **arguments) {
  uint32_t length;
  check(count == 2, "usage: embed-wamr guest.wasm");
  uint8_t *bytes = read_file(arguments[1], &length);
  instantiate(bytes, length);
  track();

  count_primes();
  check(call_limited("never_stops", NULL) == WASMSIG_LEFT_KILLED,
        "the guest was not stopped");
  count_primes(); /* the same instance is usable */

  wasmsig_wamr_untrack(&tracked); /* before its memory is freed */
  wasmsig_registry_destroy(registry);
  end();
  free(bytes);
  return 0;
}
