/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime: ends a running call with an epoch.
 *
 * A kill sets the killer's flag and increments the engine's epoch. Each
 * attached store that runs then reaches its deadline, which is always 1 tick
 * away, at its next loop or function entry. Its callback checks the flag.
 *
 * Why a kill ends the right call, and no other:
 *  1. the flag is stored before the epoch is incremented (release fence), and
 *     loaded after the epoch was read (acquire fence): a callback that a kill
 *     has caused sees the flag
 *  2. a callback that sees no flag sets the deadline 1 tick away again, and the
 *     call goes on
 *  3. undo clears the flag in the thread that runs the stores, between two
 *     calls: a late kill leaves only a deadline that has passed, and so the
 *     next call has one callback more, see 2
 *  4. Wasmtime reads the epoch again when it sets the new deadline. It misses a
 *     kill between the check of the flag and this read; budgets repeat it
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "wasmsig/wasmtime.h"

/*
 * By the C API an epoch callback can only end a call with an error of plain
 * text. A function of the host cannot pass it on as a trap, and it looks like
 * any other error. But the two types, error and trap, are the same: a boxed
 * `struct { error: wasmtime::Error }`. A call returns as a trap any error that
 * holds a trap code (crate wasmtime-c-api-impl 50.0.1, src/trap.rs,
 * src/error.rs, and `store_err` in src/func.rs). If this changes, the tests of
 * this adapter fail.
 */
#if WASMTIME_VERSION_MAJOR != 50
#error "wasmsig's adapter is for Wasmtime 50: see the comment above this line"
#endif

struct wasmsig_wasmtime_killer {
  wasm_engine_t *engine;
  atomic_bool is_killing;
  atomic_size_t owners; /* the embedder, and each attached store */
};

struct wasmsig_wasmtime_killer *wasmsig_wasmtime_killer(
    const wasm_engine_t *engine) {
  if (engine == NULL) return NULL;
  struct wasmsig_wasmtime_killer *killer = malloc(sizeof *killer);
  if (killer == NULL) return NULL;
  killer->engine = wasmtime_engine_clone(engine);
  atomic_init(&killer->is_killing, false);
  atomic_init(&killer->owners, 1);
  return killer;
}

static void release(void *argument) {
  struct wasmsig_wasmtime_killer *killer = argument;
  size_t owners =
      atomic_fetch_sub_explicit(&killer->owners, 1, memory_order_acq_rel);
  if (owners > 1) return;
  wasm_engine_delete(killer->engine);
  free(killer);
}

void wasmsig_wasmtime_killer_delete(struct wasmsig_wasmtime_killer *killer) {
  if (killer != NULL) release(killer);
}

/* Wasmtime's call is async-signal-safe: an atomic add (wasmtime/engine.h). */
void wasmsig_wasmtime_kill(void *argument) {
  struct wasmsig_wasmtime_killer *killer = argument;
  atomic_store_explicit(&killer->is_killing, true, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  wasmtime_engine_increment_epoch(killer->engine);
}

void wasmsig_wasmtime_undo(void *argument) {
  struct wasmsig_wasmtime_killer *killer = argument;
  atomic_store_explicit(&killer->is_killing, false, memory_order_relaxed);
}

wasmtime_error_t *wasmsig_wasmtime_killer_check(
    const struct wasmsig_wasmtime_killer *killer) {
  atomic_thread_fence(memory_order_acquire);
  if (!atomic_load_explicit(&killer->is_killing, memory_order_relaxed))
    return NULL;
  return (wasmtime_error_t *)wasmtime_trap_new_code(
      WASMTIME_TRAP_CODE_INTERRUPT);
}

static wasmtime_error_t *on_epoch_deadline(
    const wasmtime_context_t *context, void *data,
    uint64_t *epoch_deadline_delta, wasmtime_update_deadline_kind_t *kind) {
  (void)context;
  *epoch_deadline_delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return wasmsig_wasmtime_killer_check(data);
}

int wasmsig_wasmtime_killer_attach(struct wasmsig_wasmtime_killer *killer,
                                   wasmtime_store_t *store) {
  if (killer == NULL || store == NULL) return WASMSIG_EINVAL;
  atomic_fetch_add_explicit(&killer->owners, 1, memory_order_relaxed);
  wasmtime_store_epoch_deadline_callback(store, on_epoch_deadline, killer,
                                         release);
  wasmtime_context_set_epoch_deadline(wasmtime_store_context(store), 1);
  return 0;
}

int wasmsig_wasmtime_killer_apply(struct wasmsig_wasmtime_killer *killer,
                                  wasmsig_budget_options *options) {
  if (killer == NULL || options == NULL) return WASMSIG_EINVAL;
  options->kill = wasmsig_wasmtime_kill;
  options->undo = wasmsig_wasmtime_undo;
  options->context = killer;
  options->kill_is_signal_safe = true;
  return 0;
}

bool wasmsig_wasmtime_is_cpu_limit(const wasm_trap_t *trap) {
  wasmtime_trap_code_t code;
  return trap != NULL && wasmtime_trap_code(trap, &code) &&
         code == WASMTIME_TRAP_CODE_INTERRUPT;
}

#ifdef WASMTIME_FEATURE_COMPILER

/* (module (func) (start 0)) */
static const uint8_t starting_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01,
    0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00,
    0x08, 0x01, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b};

/* The deadline of a new store has passed: code that checks it traps at once. */
static bool is_interrupted(wasm_engine_t *engine,
                           const wasmtime_module_t *module) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  if (store == NULL) return false;
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = wasmtime_instance_new(
      wasmtime_store_context(store), module, NULL, 0, &instance, &trap);
  bool is_limit = wasmsig_wasmtime_is_cpu_limit(trap);
  if (trap != NULL) wasm_trap_delete(trap);
  if (error != NULL) wasmtime_error_delete(error);
  wasmtime_store_delete(store);
  return is_limit;
}

bool wasmsig_wasmtime_can_kill(wasm_engine_t *engine) {
  if (engine == NULL) return false;
  wasmtime_module_t *module = NULL;
  wasmtime_error_t *error = wasmtime_module_new(
      engine, starting_module, sizeof starting_module, &module);
  if (error != NULL) {
    wasmtime_error_delete(error);
    return false;
  }
  bool is_limit = is_interrupted(engine, module);
  wasmtime_module_delete(module);
  return is_limit;
}

#else

bool wasmsig_wasmtime_can_kill(wasm_engine_t *engine) {
  (void)engine;
  return false;
}

#endif
