/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Promises of Wasmtime's adapter alone. */
#include <pthread.h>

#include "driver_wasmtime.h"
#include "guests.h"
#include "memories_wasmtime.h"
#include "promises.h"
#include "wat.h"

/* ------------------------------------------------------------- memory 0 */

static int track_with(struct wasmtime_guest *guest,
                      const wasmsig_wasmtime_options *options) {
  return wasmsig_wasmtime_track(guest->guest.registry, guest->context,
                                &guest->instance, options, &guest->tracked);
}

static void close_guest(struct wasmtime_guest *guest) {
  engine.close(&guest->guest);
}

PROMISE(no_guess) {
  struct wasmtime_guest *guest = wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_int_equal(word_at(&guest->guest, SIGNAL_AT), STARTED);
  wasmtime_extern_t memory;
  assert_true(wasmtime_instance_export_get(guest->context, &guest->instance,
                                           "memory", 6, &memory));
  options.memory = &memory;
  assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(&guest->guest, SIGNAL_AT), 0);
  close_guest(guest);
}

PROMISE(nothing_to_guess) {
  struct wasmtime_guest *guest = wasmtime_open(PLAIN_GUEST, USUAL, NULL, NULL);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_NO_WORDS);
  close_guest(guest);
}

#define HIDDEN_GUEST \
  MODULE("(memory 1) (memory (export \"memory\") 1)" SIGNAL LOOPS)

/* memory: the export to pass as the imported memory, or NULL */
static int track_with_bytes(const char *text, const char *bytes_of,
                            const char *memory) {
  struct wasmtime_guest *guest = wasmtime_open(text, USUAL, NULL, NULL);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmtime_extern_t given;
  if (memory != NULL) {
    assert_true(wasmtime_instance_export_get(guest->context, &guest->instance,
                                             memory, strlen(memory), &given));
    options.memory = &given;
  }
  uint8_t *wasm = wat_to_wasm(bytes_of, &options.wasm_length);
  options.wasm = wasm;
  int verdict = track_with(guest, &options);
  free(wasm);
  close_guest(guest);
  return verdict;
}

PROMISE(hidden) {
  assert_int_equal(track_with_bytes(HIDDEN_GUEST, HIDDEN_GUEST, NULL),
                   WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_int_equal(track_with_bytes(IMPORTED_GUEST, IMPORTED_GUEST, NULL),
                   WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_int_equal(track_with_bytes(HIDDEN_GUEST, HIDDEN_GUEST, "memory"),
                   WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_int_equal(track_with_bytes(IMPORTED_GUEST, IMPORTED_GUEST, "work"),
                   WASMSIG_VERDICT_HIDDEN_MEMORY);
}

PROMISE(bytes_of_another) {
  assert_int_equal(track_with_bytes(SIGNAL_GUEST, RENAMED_GUEST, NULL),
                   WASMSIG_VERDICT_HIDDEN_MEMORY);
  /* The address in the report differs from that in the instance. */
  assert_int_equal(track_with_bytes(SIGNAL_GUEST, OUTSIDE_GUEST, NULL),
                   WASMSIG_VERDICT_TRACKED);
  assert_int_equal(track_with_bytes(OUTSIDE_GUEST, SIGNAL_GUEST, NULL),
                   WASMSIG_VERDICT_OUT_OF_RANGE);
}

PROMISE(not_wasm) {
  struct wasmtime_guest *guest = wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = "(module)";
  options.wasm_length = 8;
  assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_NOT_WASM);
  close_guest(guest);
}

PROMISE(report_serves_many) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  size_t length;
  uint8_t *wasm = wat_to_wasm(SIGNAL_GUEST, &length);
  assert_int_equal(wasmsig_module_inspect(wasm, length, NULL, &report), 0);
  free(wasm);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.report = &report;
  for (int i = 0; i < 3; i++) {
    struct wasmtime_guest *guest =
        wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
    assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_TRACKED);
    close_guest(guest);
  }
  wasmsig_module_report_release(&report);
}

static const struct CMUnitTest memory_zero[] = {
    KEEPS("without the module's bytes no memory is guessed", no_guess),
    KEEPS("a module without words needs no bytes", nothing_to_guess),
    KEEPS("no other memory replaces a memory 0 that is not exported", hidden),
    KEEPS("the instance's words are used, not those of the bytes",
          bytes_of_another),
    KEEPS("bytes that are no module are reported", not_wasm),
    KEEPS("one report is enough for many instances", report_serves_many),
};

/* ---------------------------------------------------------------- epochs */

PROMISE(other_stores_go_on) {
  struct guest *killed = open_guest(SIGNAL_GUEST);
  struct guest *other = open_guest(SIGNAL_GUEST);
  struct wasmsig_wasmtime_killer *killer =
      ((struct wasmtime_guest *)killed)->killer;
  wasmsig_wasmtime_kill(killer);
  int32_t result = -1;
  assert_works(other);
  assert_int_equal(engine.call(killed, "work", 10, &result), LIMITED);
  assert_int_equal(engine.call(killed, "work", 10, &result), LIMITED);
  assert_works(other);
  wasmsig_wasmtime_undo(killer);
  assert_works(killed);
  engine.close(killed);
  engine.close(other);
}

static void *kill_others(void *argument) {
  struct guest *guest = argument;
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, MS);
  for (int i = 0; i < 50; i++) {
    struct limited call = call_limited(guest, &limits, "forever", 0);
    if (call.ending != LIMITED || call.outcome != WASMSIG_LEFT_KILLED)
      return "a call was not killed";
  }
  return NULL;
}

PROMISE(kills_in_two_threads) {
  struct guest *first = open_guest(SIGNAL_GUEST);
  struct guest *second = open_guest(SIGNAL_GUEST);
  struct guest *other = open_guest(SIGNAL_GUEST);
  pthread_t threads[2];
  pthread_create(&threads[0], NULL, kill_others, first);
  pthread_create(&threads[1], NULL, kill_others, second);
  for (int i = 0; i < 200; i++) {
    int32_t result = -1;
    assert_int_equal(engine.call(other, "work", 1000000, &result), RETURNED);
  }
  for (int i = 0; i < 2; i++) {
    void *failure;
    pthread_join(threads[i], &failure);
    assert_null(failure);
  }
  engine.close(first);
  engine.close(second);
  engine.close(other);
}

PROMISE(store_keeps_the_killer) {
  wasm_engine_t *of_engine = wasmtime_engine_of(USUAL);
  struct wasmsig_wasmtime_killer *killer = wasmsig_wasmtime_killer(of_engine);
  struct wasmtime_guest *guest = wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
  assert_int_equal(wasmsig_wasmtime_killer_attach(killer, guest->store), 0);
  wasmsig_wasmtime_killer_delete(killer);
  wasmtime_engine_increment_epoch(of_engine);
  assert_works(&guest->guest);
  close_guest(guest);
}

PROMISE(check_is_for_own_callbacks) {
  struct wasmsig_wasmtime_killer *killer =
      wasmsig_wasmtime_killer(wasmtime_engine_of(USUAL));
  assert_null(wasmsig_wasmtime_killer_check(killer));
  wasmsig_wasmtime_kill(killer);
  wasmtime_error_t *error = wasmsig_wasmtime_killer_check(killer);
  assert_non_null(error);
  wasmtime_error_delete(error);
  wasmsig_wasmtime_undo(killer);
  assert_null(wasmsig_wasmtime_killer_check(killer));
  wasmsig_wasmtime_killer_delete(killer);
}

PROMISE(reports_whether_it_can_kill) {
  assert_true(wasmsig_wasmtime_can_kill(wasmtime_engine_of(USUAL)));
  wasm_engine_t *without = wasm_engine_new();
  assert_false(wasmsig_wasmtime_can_kill(without));
  wasm_engine_delete(without);
  assert_false(wasmsig_wasmtime_can_kill(NULL));
}

static const struct CMUnitTest epochs[] = {
    KEEPS("a kill ends calls in its own stores, and in no other",
          other_stores_go_on),
    KEEPS("kills in two threads neither miss nor hit a third",
          kills_in_two_threads),
    KEEPS("a store keeps its killer alive", store_keeps_the_killer),
    KEEPS("the host's own epoch callback can check for a kill",
          check_is_for_own_callbacks),
    KEEPS("an engine without epochs is recognised",
          reports_whether_it_can_kill),
};

/* --------------------------------------------------------------- pooling */

static wasm_engine_t *make_pooling_engine(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_pooling_allocation_config_t *pool =
      wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_memories_set(pool, 1);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  return wasm_engine_new_with_config(config);
}

/* A store with one instance, tracked in the store's own registry. */
static wasmtime_store_t *make_tracked_store(wasm_engine_t *of_engine,
                                            const wasmtime_module_t *module,
                                            wasmsig_registry **registry,
                                            uint8_t **memory) {
  assert_int_equal(wasmsig_registry_create(registry), 0);
  wasmtime_store_t *store =
      wasmtime_store_new(of_engine, *registry, wasmsig_wasmtime_finalizer);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  assert_no_error(
      wasmtime_instance_new(context, module, NULL, 0, &instance, &trap));
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmtime_extern_t found;
  assert_true(
      wasmtime_instance_export_get(context, &instance, "memory", 6, &found));
  *memory = wasmtime_memory_data(context, &found.of.memory);
  options.memory = &found;
  assert_int_equal(
      wasmsig_wasmtime_track(*registry, context, &instance, &options, NULL),
      WASMSIG_VERDICT_TRACKED);
  return store;
}

PROMISE(slots_are_reused) {
  wasm_engine_t *pooling = make_pooling_engine();
  wasmtime_module_t *module;
  size_t length;
  uint8_t *wasm = wat_to_wasm(SIGNAL_GUEST, &length);
  assert_no_error(wasmtime_module_new(pooling, wasm, length, &module));
  free(wasm);
  uint8_t *first = NULL;
  for (int i = 0; i < 100; i++) {
    wasmsig_registry *registry;
    uint8_t *memory;
    wasmtime_store_t *store =
        make_tracked_store(pooling, module, &registry, &memory);
    if (first == NULL) first = memory;
    assert_ptr_equal(memory, first);
    assert_int_equal(memory[SIGNAL_AT], 0);
    assert_int_equal(wasmsig_process_raise(10), 1);
    assert_int_equal(memory[SIGNAL_AT], 10);
    wasmtime_store_delete(store);
    assert_int_equal(wasmsig_process_raise(12), 0);
    assert_int_equal(wasmsig_registry_count(registry), 0);
  }
  wasmtime_module_delete(module);
  wasm_engine_delete(pooling);
}

PROMISE(keys_are_guarded) {
  struct wasmtime_guest *guest = wasmtime_open(WORDS_GUEST, USUAL, NULL, NULL);
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmtime_extern_t memory;
  assert_true(wasmtime_instance_export_get(guest->context, &guest->instance,
                                           "memory", 6, &memory));
  options.memory = &memory;
  options.has_protection_keys = true;
  assert_int_equal(track_with(guest, &options), WASMSIG_VERDICT_TRACKED);
  assert_int_equal(guest->tracked.memory_class, WASMSIG_MEMORY_GUARDED);
  assert_int_equal(wasmsig_registry_raise(guest->guest.registry, 10), 1);
  int32_t signal = 0;
  assert_int_equal(engine.call(&guest->guest, "spin", 0, &signal), RETURNED);
  assert_int_equal(signal, 10);
  close_guest(guest);
}

static const struct CMUnitTest pooled[] = {
    KEEPS("the system writes to a memory under a protection key",
          keys_are_guarded),
    KEEPS("a reused pooled memory receives no signal of the last instance",
          slots_are_reused),
};

/* --------------------------------------------------------------- refused */

PROMISE(arguments) {
  struct wasmtime_guest *guest = wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
  wasmsig_registry *registry = guest->guest.registry;
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  assert_int_equal(wasmsig_wasmtime_track(NULL, guest->context,
                                          &guest->instance, &options, NULL),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wasmtime_track(registry, guest->context,
                                          &guest->instance, NULL, NULL),
                   WASMSIG_EINVAL);
  options.size = 0;
  assert_int_equal(wasmsig_wasmtime_track(registry, guest->context,
                                          &guest->instance, &options, NULL),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wasmtime_sync(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wasmtime_untrack(NULL), WASMSIG_EINVAL);
  assert_null(wasmsig_wasmtime_killer(NULL));
  assert_int_equal(wasmsig_wasmtime_killer_attach(NULL, guest->store),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wasmtime_killer_apply(NULL, &limits),
                   WASMSIG_EINVAL);
  assert_false(wasmsig_wasmtime_is_cpu_limit(NULL));
  wasmsig_wasmtime_killer_delete(NULL);
  close_guest(guest);
}

PROMISE(refused_but_usable) {
  struct wasmtime_guest *guest = wasmtime_open(SIGNAL_GUEST, USUAL, NULL, NULL);
  wasmsig_registry *registry = guest->guest.registry;
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmsig_wasmtime_tracked tracked;
  options.size = 0;
  memset(&tracked, 0xff, sizeof tracked);
  assert_int_equal(wasmsig_wasmtime_track(registry, guest->context,
                                          &guest->instance, &options, &tracked),
                   WASMSIG_EINVAL);
  assert_ptr_equal(tracked.registry, registry);
  assert_int_equal(tracked.instance, 0);
  assert_int_equal(wasmsig_wasmtime_sync(&tracked), 0);
  assert_int_equal(wasmsig_wasmtime_untrack(&tracked), 0);
  close_guest(guest);
}

static const struct CMUnitTest refused[] = {
    KEEPS("missing arguments are refused", arguments),
    KEEPS("a refused instance may be synced and untracked", refused_but_usable),
};

const struct row rows_of_engine[] = {
    ROW("Wasmtime does not report which memory is memory 0", memory_zero),
    ROW("Epochs belong to the engine, kills to stores", epochs),
    ROW("Memories of the pooling allocator", pooled),
    ROW("Guards and reservations", memory_promises),
    ROW("Bad input is refused", refused),
};
const size_t rows_of_engine_count =
    sizeof rows_of_engine / sizeof rows_of_engine[0];
