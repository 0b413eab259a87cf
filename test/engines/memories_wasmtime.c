/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime's memories with guards and reservations of many sizes: a memory of
 * the class FIXED never moves when it grows.
 */
#include "memories_wasmtime.h"

#include <stdio.h>

#include "driver_wasmtime.h"
#include "guests.h"
#include "promises.h"
#include "wat.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PAGE (64 * KIB)

/* How an engine is configured. */
struct configuration {
  uint64_t reservation, guard, growth;
  bool is_default; /* none of the sizes is set */
  bool pools;
};

/* A memory that may grow to a maximum. */
struct scene {
  wasm_engine_t *engine;
  wasmsig_registry *registry;
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_memory_t memory;
  wasmsig_memory_class memory_class;
};

static wasm_engine_t *make_engine(const struct configuration *how) {
  wasm_config_t *config = wasm_config_new();
  if (how->pools) {
    wasmtime_pooling_allocation_config_t *pool =
        wasmtime_pooling_allocation_config_new();
    wasmtime_pooling_allocation_config_total_memories_set(pool, 2);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
  }
  if (!how->is_default) {
    wasmtime_config_memory_reservation_set(config, how->reservation);
    wasmtime_config_memory_guard_size_set(config, how->guard);
    wasmtime_config_memory_reservation_for_growth_set(config, how->growth);
  }
  wasm_engine_t *made = wasm_engine_new_with_config(config);
  assert_non_null(made);
  return made;
}

static struct scene open_scene(wasm_engine_t *made, unsigned pages,
                               unsigned maximum, uint64_t stated) {
  struct scene scene = {.engine = made};
  char text[256], *end = text;
  end += sprintf(end, "(module (memory (export \"memory\") %u ", pages);
  if (maximum) end += sprintf(end, "%u", maximum);
  sprintf(end, ") %s)", pages ? SIGNAL : "");
  size_t length;
  uint8_t *wasm = wat_to_wasm(text, &length);
  wasmtime_module_t *module;
  assert_no_error(wasmtime_module_new(made, wasm, length, &module));

  assert_int_equal(wasmsig_registry_create(&scene.registry), 0);
  scene.store =
      wasmtime_store_new(made, scene.registry, wasmsig_wasmtime_finalizer);
  scene.context = wasmtime_store_context(scene.store);
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  assert_no_error(
      wasmtime_instance_new(scene.context, module, NULL, 0, &instance, &trap));
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = wasm;
  options.wasm_length = length;
  options.memory_reservation = stated;
  wasmsig_wasmtime_tracked tracked;
  assert_int_equal(wasmsig_wasmtime_track(scene.registry, scene.context,
                                          &instance, &options, &tracked),
                   pages ? WASMSIG_VERDICT_TRACKED : WASMSIG_VERDICT_NO_WORDS);
  scene.memory = tracked.memory;
  scene.memory_class = tracked.memory_class;
  wasmtime_module_delete(module);
  free(wasm);
  return scene;
}

static void close_scene(struct scene *scene) {
  wasmtime_store_delete(scene->store);
}

/* A FIXED memory does not move, and receives its signal. Nothing is written to
 * the others. */
static void assert_stays_if_fixed(struct scene *scene, unsigned maximum) {
  uint8_t *before = wasmtime_memory_data(scene->context, &scene->memory);
  uint64_t old;
  unsigned pages = maximum && maximum < 600 ? maximum : 600;
  wasmtime_error_t *error =
      wasmtime_memory_grow(scene->context, &scene->memory, pages - 1, &old);
  if (error) wasmtime_error_delete(error);
  uint8_t *after = wasmtime_memory_data(scene->context, &scene->memory);
  assert_int_equal(wasmsig_registry_raise(scene->registry, 10), 1);
  bool fixed = scene->memory_class == WASMSIG_MEMORY_FIXED;
  if (fixed) assert_ptr_equal(before, after);
  assert_int_equal(after[SIGNAL_AT], fixed ? 10 : 0);
}

static const uint64_t reservations[] = {0, MIB, 32 * MIB, 4 * GIB};
static const uint64_t guards[] = {0, PAGE, 32 * MIB, 5 * GIB};
static const uint64_t growths[] = {0, 64 * MIB};
static const unsigned maximums[] = {2, 300, 512, 20000, 0};

#define EACH(i, of) for (size_t i = 0; i < sizeof(of) / sizeof((of)[0]); i++)

/* Adds the number of FIXED memories to *count. */
static void try_all_sizes(const struct configuration *how, bool states,
                          unsigned *count) {
  wasm_engine_t *made = make_engine(how);
  EACH(i, maximums) {
    uint64_t reach = maximums[i] ? maximums[i] * PAGE : 4 * GIB;
    struct scene scene =
        open_scene(made, 1, maximums[i],
                   states ? how->reservation : WASMSIG_WASMTIME_DEFAULT);
    bool fixed = scene.memory_class == WASMSIG_MEMORY_FIXED;
    if (states) assert_int_equal(fixed, how->reservation >= reach);
    if (fixed) ++*count;
    assert_stays_if_fixed(&scene, maximums[i]);
    close_scene(&scene);
  }
  wasm_engine_delete(made);
}

static unsigned try_all_engines(bool states) {
  unsigned count = 0;
  EACH(r, reservations)
  EACH(g, guards)
  EACH(f, growths) {
    if (!states && guards[g] >= 4 * GIB) continue; /* as large as the default */
    struct configuration how = {reservations[r], guards[g], growths[f], false,
                                false};
    try_all_sizes(&how, states, &count);
  }
  return count;
}

PROMISE(stated_sizes) { assert_true(try_all_engines(true) > 0); }

PROMISE(unstated_sizes) { try_all_engines(false); }

PROMISE(defaults) {
  for (int pools = 0; pools < 2; pools++) {
    struct configuration how = {.is_default = true, .pools = pools};
    wasm_engine_t *made = make_engine(&how);
    EACH(i, maximums) {
      struct scene scene =
          open_scene(made, 1, maximums[i], WASMSIG_WASMTIME_DEFAULT);
      assert_int_equal(scene.memory_class, WASMSIG_MEMORY_FIXED);
      assert_stays_if_fixed(&scene, maximums[i]);
      close_scene(&scene);
    }
    wasm_engine_delete(made);
  }
}

/* The kernel places each mapping directly below the last one. */
PROMISE(neighbours) {
  const struct configuration bare = {.reservation = 0};
  const struct configuration by_default = {.is_default = true};
  wasm_engine_t *guarded = make_engine(&by_default);
  wasm_engine_t *moving = make_engine(&bare);
  const uint64_t states[] = {0, WASMSIG_WASMTIME_DEFAULT};
  EACH(i, states) {
    struct scene empty = open_scene(guarded, 0, 0, WASMSIG_WASMTIME_DEFAULT);
    struct scene scenes[4];
    EACH(j, scenes) scenes[j] = open_scene(moving, 512, 0, states[i]);
    EACH(j, scenes) {
      assert_int_equal(scenes[j].memory_class, WASMSIG_MEMORY_MOVABLE);
      close_scene(&scenes[j]);
    }
    close_scene(&empty);
  }
  wasm_engine_delete(moving);
  wasm_engine_delete(guarded);
}

const struct CMUnitTest memory_promises[] = {
    KEEPS("a memory within the stated reservation never moves", stated_sizes),
    KEEPS("a guard region below 4 GiB does not count as a reservation",
          unstated_sizes),
    KEEPS("another engine's memory does not count as a reservation",
          neighbours),
    KEEPS("with the default configuration memories never move", defaults),
};
