/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wasmtime's driver: a store, a killer and an instance for each guest. */
#include <stdio.h>

#include "driver_wasmtime.h"
#include "wat.h"

static wasm_engine_t *engines[2];

/* The module that was opened last, and its binary. */
static struct {
  const char *text;
  enum kind_of_memory kind;
  uint8_t *wasm;
  size_t length;
  wasmtime_module_t *module;
} last;

static wasm_engine_t *make_engine(enum kind_of_memory kind) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_wasm_memory64_set(config, true);
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_shared_memory_set(config, true);
  if (kind == MOVING) {
    wasmtime_config_memory_may_move_set(config, true);
    wasmtime_config_memory_reservation_set(config, 0);
    wasmtime_config_memory_guard_size_set(config, 0);
    wasmtime_config_memory_reservation_for_growth_set(config, 0);
  }
  return wasm_engine_new_with_config(config);
}

wasm_engine_t *wasmtime_engine_of(enum kind_of_memory kind) {
  return engines[kind];
}

static void forget_last(void) {
  if (last.text == NULL) return;
  wasmtime_module_delete(last.module);
  free(last.wasm);
  last.text = NULL;
}

static struct version version(void) {
  return (struct version){WASMTIME_VERSION_MAJOR, WASMTIME_VERSION_MINOR,
                          WASMTIME_VERSION_PATCH};
}

static void start(void) {
  engines[USUAL] = make_engine(USUAL);
  engines[MOVING] = make_engine(MOVING);
}

static void end(void) {
  forget_last();
  wasm_engine_delete(engines[USUAL]);
  wasm_engine_delete(engines[MOVING]);
}

void assert_no_error(wasmtime_error_t *error) {
  if (error == NULL) return;
  wasm_byte_vec_t message;
  wasmtime_error_message(error, &message);
  print_error("%.*s\n", (int)message.size, message.data);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  fail();
}

static void compile(const char *text, enum kind_of_memory kind) {
  if (last.text != NULL && last.kind == kind && strcmp(last.text, text) == 0)
    return;
  forget_last();
  last.wasm = wat_to_wasm(text, &last.length);
  assert_no_error(
      wasmtime_module_new(engines[kind], last.wasm, last.length, &last.module));
  last.text = text;
  last.kind = kind;
}

static wasm_trap_t *call_host(void *environment, wasmtime_caller_t *caller,
                              const wasmtime_val_t *arguments, size_t count,
                              wasmtime_val_t *results, size_t result_count) {
  (void)environment, (void)caller, (void)count, (void)result_count;
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = host_call(arguments[0].of.i32);
  return NULL;
}

static void make_host_function(struct wasmtime_guest *guest,
                               wasmtime_extern_t *item) {
  wasm_functype_t *type =
      wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  item->kind = WASMTIME_EXTERN_FUNC;
  wasmtime_func_new(guest->context, type, call_host, NULL, NULL,
                    &item->of.func);
  wasm_functype_delete(type);
}

static void make_memory(struct wasmtime_guest *guest,
                        const wasm_externtype_t *type,
                        const struct wasmtime_guest *twin,
                        wasmtime_extern_t *item) {
  const wasm_memorytype_t *memory = wasm_externtype_as_memorytype_const(type);
  if (!wasmtime_memorytype_isshared(memory)) {
    item->kind = WASMTIME_EXTERN_MEMORY;
    assert_no_error(
        wasmtime_memory_new(guest->context, memory, &item->of.memory));
    return;
  }
  item->kind = WASMTIME_EXTERN_SHAREDMEMORY;
  if (twin != NULL)
    item->of.sharedmemory =
        wasmtime_sharedmemory_clone(twin->imported.of.sharedmemory);
  else
    assert_no_error(wasmtime_sharedmemory_new(engines[USUAL], memory,
                                              &item->of.sharedmemory));
}

/* The guests have one import at most. */
static size_t make_import(struct wasmtime_guest *guest,
                          const struct wasmtime_guest *twin,
                          wasmtime_extern_t *item) {
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(last.module, &imports);
  size_t count = imports.size;
  if (count > 0) {
    const wasm_externtype_t *type = wasm_importtype_type(imports.data[0]);
    if (wasm_externtype_kind(type) == WASM_EXTERN_FUNC) {
      make_host_function(guest, item);
    } else {
      make_memory(guest, type, twin, item);
      guest->imported = *item;
      guest->has_imported = true;
    }
  }
  wasm_importtype_vec_delete(&imports);
  return count;
}

static void make_store(struct wasmtime_guest *guest, wasm_engine_t *of_engine) {
  bool owns = guest->guest.owns_registry;
  guest->store =
      wasmtime_store_new(of_engine, owns ? guest->guest.registry : NULL,
                         owns ? wasmsig_wasmtime_finalizer : NULL);
  guest->context = wasmtime_store_context(guest->store);
  guest->killer = wasmsig_wasmtime_killer(of_engine);
  assert_non_null(guest->killer);
  assert_int_equal(wasmsig_wasmtime_killer_attach(guest->killer, guest->store),
                   0);
}

static void track(struct wasmtime_guest *guest) {
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = last.wasm;
  options.wasm_length = last.length;
  if (guest->has_imported) options.memory = &guest->imported;
  guest->guest.verdict =
      wasmsig_wasmtime_track(guest->guest.registry, guest->context,
                             &guest->instance, &options, &guest->tracked);
  assert_true(guest->guest.verdict >= 0);
  guest->guest.instance = guest->tracked.instance;
  guest->guest.memory_class = guest->tracked.memory_class;
}

struct wasmtime_guest *wasmtime_open(const char *text, enum kind_of_memory kind,
                                     wasmsig_registry *registry,
                                     struct wasmtime_guest *twin) {
  compile(text, kind);
  struct wasmtime_guest *guest = calloc(1, sizeof *guest);
  guest->guest.registry = registry;
  guest->guest.owns_registry = registry == NULL;
  if (registry == NULL)
    assert_int_equal(wasmsig_registry_create(&guest->guest.registry), 0);
  make_store(guest, engines[kind]);

  wasmtime_extern_t item;
  wasm_trap_t *trap = NULL;
  size_t imports = make_import(guest, twin, &item);
  assert_no_error(wasmtime_instance_new(guest->context, last.module, &item,
                                        imports, &guest->instance, &trap));
  assert_null(trap);
  return guest;
}

static struct guest *open_tracked(const char *text, enum kind_of_memory kind,
                                  wasmsig_registry *registry,
                                  struct guest *twin) {
  struct wasmtime_guest *guest =
      wasmtime_open(text, kind, registry, (struct wasmtime_guest *)twin);
  track(guest);
  return &guest->guest;
}

static void close(struct guest *argument) {
  struct wasmtime_guest *guest = (struct wasmtime_guest *)argument;
  if (!guest->guest.owns_registry) {
    assert_int_equal(wasmsig_wasmtime_untrack(&guest->tracked), 0);
  }
  wasmtime_store_delete(guest->store);
  wasmsig_wasmtime_killer_delete(guest->killer);
  if (guest->has_imported) wasmtime_extern_delete(&guest->imported);
  free(guest);
}

static enum ending call(struct guest *argument, const char *function,
                        int32_t parameter, int32_t *result) {
  struct wasmtime_guest *guest = (struct wasmtime_guest *)argument;
  wasmtime_extern_t item;
  assert_true(wasmtime_instance_export_get(guest->context, &guest->instance,
                                           function, strlen(function), &item));
  wasmtime_val_t in = {.kind = WASMTIME_I32, .of.i32 = parameter}, out;
  wasm_trap_t *trap = NULL;
  assert_no_error(wasmtime_func_call(guest->context, &item.of.func, &in, 1,
                                     &out, 1, &trap));
  if (trap == NULL) {
    *result = out.of.i32;
    return RETURNED;
  }
  bool is_limit = wasmsig_wasmtime_is_cpu_limit(trap);
  wasm_trap_delete(trap);
  return is_limit ? LIMITED : TRAPPED;
}

static uint8_t *memory(struct guest *argument) {
  static const char *const names[] = {"zero", "linear", "memory"};
  struct wasmtime_guest *guest = (struct wasmtime_guest *)argument;
  wasmtime_extern_t item;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!wasmtime_instance_export_get(guest->context, &guest->instance,
                                      names[i], strlen(names[i]), &item))
      continue;
    uint8_t *base = item.kind == WASMTIME_EXTERN_MEMORY
                        ? wasmtime_memory_data(guest->context, &item.of.memory)
                        : wasmtime_sharedmemory_data(item.of.sharedmemory);
    wasmtime_extern_delete(&item);
    return base;
  }
  return wasmtime_memory_data(guest->context, &guest->imported.of.memory);
}

static int sync_words(struct guest *guest) {
  return wasmsig_wasmtime_sync(&((struct wasmtime_guest *)guest)->tracked);
}

static int untrack(struct guest *guest) {
  return wasmsig_wasmtime_untrack(&((struct wasmtime_guest *)guest)->tracked);
}

static void limit(struct guest *guest, wasmsig_budget_options *options) {
  assert_int_equal(wasmsig_wasmtime_killer_apply(
                       ((struct wasmtime_guest *)guest)->killer, options),
                   0);
}

static void do_nothing(void) {}

const struct engine engine = {
    .name = "Wasmtime",
    .version = version,
    .start = start,
    .end = end,
    .has_several_memories = true,
    .has_64_bit_memories = true,
    .has_exceptions = true,
    .has_moving_memories = true,
    .open = open_tracked,
    .close = close,
    .call = call,
    .memory = memory,
    .sync = sync_words,
    .untrack = untrack,
    .limit = limit,
    .enter_thread = do_nothing,
    .leave_thread = do_nothing,
};
