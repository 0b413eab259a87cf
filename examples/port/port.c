/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals and CPU limits in an engine that has no adapter. It uses the engine
 * by the standard C API only (wasm.h): this file runs with Wasmtime and with
 * WAMR.
 *
 *     port guest.wasm
 *
 * This API has no function that stops a call. So the hard limit is SIGKILL in
 * the signal word: the guest's next poll traps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmsig/host.h>
#include <wasmsig/module.h>

#ifndef ENGINE_H
#define ENGINE_H <wasm.h>
#endif
#include ENGINE_H

#define MS UINT64_C(1000000)
#define GIB (UINT64_C(1) << 30)

/* What the engine guarantees: a memory can grow to this size where it is. Both
 * engines reserve 4 GiB or more, unless configured otherwise. */
#define RESERVED (4 * GIB)

static void check(bool is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "port: %s\n", what);
  exit(1);
}

/* ----------------------------------------- what an embedder has already */

struct guest {
  wasm_byte_vec_t bytes;
  wasm_module_t *module;
  wasm_instance_t *instance;
  wasm_exporttype_vec_t names; /* of the exports, in the same order */
  wasm_extern_vec_t exports;

  /* What wasmsig adds. */
  wasmsig_registry *registry;
  wasmsig_instance tracked;
  wasm_memory_t *memory; /* memory 0 */
};

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

static void instantiate(wasm_store_t *store, struct guest *guest) {
  wasm_extern_vec_t imports = WASM_EMPTY_VEC;
  guest->module = wasm_module_new(store, &guest->bytes);
  check(guest->module != NULL, "the guest cannot be loaded");
  guest->instance = wasm_instance_new(store, guest->module, &imports, NULL);
  check(guest->instance != NULL, "the guest cannot be instantiated");
  wasm_module_exports(guest->module, &guest->names);
  wasm_instance_exports(guest->instance, &guest->exports);
}

/* Some engines count the NUL at the end of a name. */
static bool is_named(const wasm_name_t *found, const char *name) {
  size_t length = strlen(name);
  return (found->size == length || found->size == length + 1) &&
         memcmp(found->data, name, length) == 0;
}

static wasm_extern_t *find_export(const struct guest *guest, const char *name) {
  for (size_t i = 0; i < guest->names.size; i++) {
    if (is_named(wasm_exporttype_name(guest->names.data[i]), name))
      return guest->exports.data[i];
  }
  return NULL;
}

/* False: it trapped. */
static bool call(const struct guest *guest, const char *name, int *result) {
  wasm_extern_t *function = find_export(guest, name);
  check(function != NULL, "the guest has no such function");
  wasm_val_t value[] = {WASM_INIT_VAL};
  wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(value);
  wasm_trap_t *trap =
      wasm_func_call(wasm_extern_as_func(function), &none, &results);
  if (trap != NULL) wasm_trap_delete(trap);
  *result = value[0].of.i32;
  return trap == NULL;
}

static void end(struct guest *guest) {
  wasm_extern_vec_delete(&guest->exports);
  wasm_exporttype_vec_delete(&guest->names);
  wasm_instance_delete(guest->instance);
  wasm_module_delete(guest->module);
  wasm_byte_vec_delete(&guest->bytes);
}

/* ------------------------------------------------- what wasmsig adds: track */

/* The address of a word is the value of the global that the guest exports. */
static uint64_t address_of(const struct guest *guest, int word) {
  wasm_extern_t *global = find_export(guest, wasmsig_word_name(word));
  if (global == NULL) return WASMSIG_NO_WORD;
  wasm_val_t value;
  wasm_global_get(wasm_extern_as_global(global), &value);
  return (uint32_t)value.of.i32;
}

static uint64_t largest_size(const wasmsig_module_memory *memory) {
  bool has_maximum = memory->maximum_pages != WASMSIG_NO_MAXIMUM;
  return has_maximum ? memory->maximum_pages * 65536 : 4 * GIB;
}

/* The module's bytes show whether it can be tracked, and which memory is
 * memory 0. The engine knows where that memory is. */
static void find_memory(struct guest *guest, wasmsig_words *words) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  check(wasmsig_module_inspect(guest->bytes.data, guest->bytes.size, NULL,
                               &report) == 0,
        "the guest cannot be inspected");
  check(report.verdict == WASMSIG_VERDICT_TRACKED,
        wasmsig_verdict_text(report.verdict));
  check(!report.own_memory.is_exported,
        "this port needs words in memory 0, not in a memory of their own");
  check(report.memory.is_exported && !report.memory.is_64_bit,
        "this port needs an exported memory with 32-bit addresses");
  guest->memory = wasm_extern_as_memory(
      find_export(guest, report.memory.export_name.bytes));
  words->memory = wasm_memory_data(guest->memory);
  words->length = wasm_memory_data_size(guest->memory);
  words->memory_class = wasmsig_memory_classify(
      words->memory, words->length, largest_size(&report.memory), RESERVED,
      report.memory.is_shared);
  wasmsig_module_report_release(&report);
}

static void track(struct guest *guest) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  find_memory(guest, &words);
  words.signal = address_of(guest, WASMSIG_WORD_SIGNAL);
  words.terminated = address_of(guest, WASMSIG_WORD_TERMINATED);
  words.pending = address_of(guest, WASMSIG_WORD_PENDING);
  words.handled = address_of(guest, WASMSIG_WORD_HANDLED);
  int error = wasmsig_instance_add(guest->registry, &words, &guest->tracked);
  check(error == 0, wasmsig_error_text(error));
}

/* Before each call, for a memory that may move: signals wait until here. */
static void sync(struct guest *guest) {
  wasmsig_instance_sync(guest->registry, guest->tracked,
                        wasm_memory_data(guest->memory),
                        wasm_memory_data_size(guest->memory));
}

/* ------------------------------------------------ what wasmsig adds: limits */

/* Runs in a signal handler or another thread, and again if it has no effect. */
static void kill_guest(void *context) {
  struct guest *guest = context;
  wasmsig_instance_raise(guest->registry, guest->tracked, WASMSIG_SIGKILL);
}

/* Runs in the guest's thread after the call: the next call must not trap. */
static void undo_kill(void *context) {
  struct guest *guest = context;
  wasmsig_instance_clear(guest->registry, guest->tracked, WASMSIG_SIGKILL);
}

static void set_limits(struct guest *guest, wasmsig_budget *budget) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = 20 * MS;
  limits.hard_ns = 50 * MS;
  limits.registry = guest->registry;
  limits.kill = kill_guest;
  limits.undo = undo_kill;
  limits.context = guest;
  limits.kill_is_signal_safe = true; /* a raise may run in a handler */
  check(wasmsig_budget_init(budget, &limits) == 0, "no budget");
}

static int call_limited(struct guest *guest, const char *name) {
  wasmsig_budget budget;
  int result;
  set_limits(guest, &budget);

  sync(guest);
  check(wasmsig_budget_enter(&budget) == 0, "no section could be entered");
  bool returned = call(guest, name, &result);
  int outcome = wasmsig_budget_leave(&budget);

  check(returned || outcome == WASMSIG_LEFT_KILLED, "the guest trapped");
  printf("%-13s  %s after %.2f ms of CPU", name,
         outcome == WASMSIG_LEFT_KILLED ? "stopped" : "signalled",
         (double)wasmsig_budget_used_ns(&budget) / (double)MS);
  if (returned) printf(", answer %d", result);
  putchar('\n');
  wasmsig_budget_destroy(&budget);
  return outcome;
}

int main(int count, char **arguments) {
  struct guest guest;
  check(count == 2, "usage: port guest.wasm");
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  read_file(arguments[1], &guest.bytes);
  instantiate(store, &guest);

  check(wasmsig_registry_create(&guest.registry) == 0, "no registry");
  track(&guest);
  check(call_limited(&guest, "count_primes") == WASMSIG_LEFT_SIGNALLED,
        "the guest was not signalled");
  check(call_limited(&guest, "never_returns") == WASMSIG_LEFT_KILLED,
        "the guest was not stopped");
  check(call_limited(&guest, "count_primes") == WASMSIG_LEFT_SIGNALLED,
        "the guest was not signalled again");

  /* First the registry: no signal may be written to a memory that is freed. */
  wasmsig_registry_destroy(guest.registry);
  end(&guest);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
