/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for embedders of Wasmtime: signals and CPU limits for instances that
 * run in a store. host.h explains registries, instances and budgets; guest.h
 * explains what a guest does.
 *
 *     wasm_config_t *config = wasm_config_new();
 *     wasmtime_config_epoch_interruption_set(config, true);  // for hard limits
 *     wasm_engine_t *engine = wasm_engine_new_with_config(config);
 *
 *     wasmsig_registry *registry;                 // one a store
 *     wasmsig_registry_create(&registry);
 *     wasmtime_store_t *store =
 *         wasmtime_store_new(engine, registry, wasmsig_wasmtime_finalizer);
 *     wasmtime_context_t *context = wasmtime_store_context(store);
 *     struct wasmsig_wasmtime_killer *killer = wasmsig_wasmtime_killer(engine);
 *     wasmsig_wasmtime_killer_attach(killer, store);
 *
 *     // ... wasmtime_module_new(), wasmtime_instance_new() as usual, then:
 *     wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
 *     options.wasm = bytes;                       // those of the module
 *     options.wasm_length = length;
 *     wasmsig_wasmtime_tracked tracked;
 *     int result = wasmsig_wasmtime_track(registry, context, &instance,
 *                                         &options, &tracked);
 *     if (result < 0) puts(wasmsig_error_text(result));
 *     if (result > 0) puts(wasmsig_verdict_text(result));  // not tracked
 *
 *     wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
 *     limits.soft_ns = 50 * 1000000;              // signal after 50 ms of CPU,
 *     limits.hard_ns = 100 * 1000000;             // stop after 100 ms
 *     limits.registry = registry;
 *     wasmsig_wasmtime_killer_apply(killer, &limits);
 *     wasmsig_budget budget;
 *     wasmsig_budget_init(&budget, &limits);
 *
 *     wasmsig_wasmtime_sync(&tracked);            // for MOVABLE memories
 *     wasmsig_budget_enter(&budget);
 *     wasm_trap_t *trap = NULL;
 *     wasmtime_error_t *error =
 *         wasmtime_func_call(context, &run, NULL, 0, NULL, 0, &trap);
 *     int outcome = wasmsig_budget_leave(&budget);
 *     if (wasmsig_wasmtime_is_cpu_limit(trap))
 *       puts("out of CPU; the store can be used again");
 *
 *     wasmsig_budget_destroy(&budget);            // before its registry
 *     wasmtime_store_delete(store);               // the finalizer untracks
 *     wasmsig_wasmtime_killer_delete(killer);
 *
 * Memories. wasmsig writes a signal into the memory of a running guest only if
 * the memory cannot move. With Wasmtime's defaults on 64-bit hosts a 32-bit
 * memory has 4 GiB of address space. It never moves: its class is FIXED. A
 * 64-bit memory, or one that may grow beyond the engine's `memory_reservation`,
 * is MOVABLE: its signals wait for wasmsig_wasmtime_sync() at the boundary of a
 * call. Wasmtime's API cannot tell how much an engine reserves. So **if you
 * configure memories, state the reservation in the options**
 * (`memory_reservation`). `memory_may_move(false)` alone changes nothing here:
 * what counts is the reserved address space behind the memory.
 *
 * The end of a store. Wasmtime unmaps a memory with its store, and the pooling
 * allocator may reuse it for another store. So instances must be untracked
 * before that. The finalizer of the store's data runs early enough. Those of
 * functions and of externrefs run too late. If the store has data of your own,
 * call wasmsig_wasmtime_finalizer(registry) in its finalizer.
 *
 * Which calls may overlap: none of this header with another call on the same
 * store, as always in Wasmtime. The exception is wasmsig_wasmtime_kill(): it
 * may overlap with any call. In signal handlers: wasmsig_wasmtime_kill() only.
 *
 * Made for Wasmtime 50.
 */
#ifndef WASMSIG_WASMTIME_H
#define WASMSIG_WASMTIME_H

#include <wasmtime.h>

#include <wasmsig/host.h>
#include <wasmsig/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------- tracking */

/**
 * How to find memory 0 of an instance. Wasmtime's API cannot tell which of
 * several memories it is, or whether there is one that is not exported. So set
 * `report`, `wasm` or `memory`. `report` has priority over `wasm`. A memory of
 * the words' own (docs/explanation/protocol.md) has its name, so it is found
 * without them.
 */
typedef struct wasmsig_wasmtime_options {
  size_t size; /* of this struct; later versions may have more members */
  /** The report of wasmsig_module_inspect() on the instance's module. */
  const wasmsig_module_report *report;
  /** The module's bytes (binary, not text), to be inspected. */
  const void *wasm;
  size_t wasm_length; /* in bytes */
  /**
   * Of kind MEMORY or SHAREDMEMORY. With a report or bytes: the memory that you
   * passed for an imported memory 0; it is used if memory 0 is not exported
   * too. Without: memory 0 itself.
   */
  const wasmtime_extern_t *memory;
  /**
   * Whether the engine's pooling allocator puts memories under protection keys
   * (memory_protection_keys). Then threads that run no guest cannot write to
   * the memory. Its class is GUARDED: the system writes to it.
   */
  bool has_protection_keys;
  /**
   * How many bytes the engine reserves for each memory: the argument of
   * wasmtime_config_memory_reservation_set(). With the pooling allocator it is
   * that or `max_memory_size`, whichever is larger. With a host_memory_creator
   * it is what the creator guarantees, or 0. A memory that may grow beyond the
   * reservation is MOVABLE.
   *
   * WASMSIG_WASMTIME_DEFAULT: you have configured nothing about memories, and
   * have not set signals_based_traps to false. Then each memory has 4 GiB, and
   * 32 MiB of guards before and behind it. If they are not all found there, the
   * memory is MOVABLE. This check cannot tell them from guards of 4 GiB and
   * more, so do not use the default if you have configured something else.
   */
  uint64_t memory_reservation;
} wasmsig_wasmtime_options;

/** The engine's memories have Wasmtime's default configuration. */
#define WASMSIG_WASMTIME_DEFAULT UINT64_MAX

#define WASMSIG_WASMTIME_OPTIONS_INIT                            \
  {sizeof(wasmsig_wasmtime_options), NULL, NULL, 0, NULL, false, \
   WASMSIG_WASMTIME_DEFAULT}

/** A tracked instance. Filled in by wasmsig_wasmtime_track(); read only. */
typedef struct wasmsig_wasmtime_tracked {
  wasmsig_registry *registry; /* that it is tracked in */
  /** For wasmsig_instance_raise() and budgets; 0 if it is not tracked. */
  wasmsig_instance instance;
  wasmsig_memory_class memory_class; /* of the memory with the words */
  wasmtime_context_t *context;       /* for wasmsig_wasmtime_sync() */
  wasmtime_memory_t memory;          /* for wasmsig_wasmtime_sync() */
} wasmsig_wasmtime_tracked;

/**
 * Finds the words and memory 0 of an instance, and tracks it. Call it right
 * after the instantiation, before the first call of the guest.
 *
 * The addresses of the words are those of the instance's own exports, never
 * those of the report.
 *
 * tracked:   filled in; NULL if you need neither sync nor untrack
 *
 * Returns:   0 (WASMSIG_VERDICT_TRACKED): the instance receives signals.
 *            Otherwise the wasmsig_verdict that says why not. The instance is
 *            unchanged, and may run. NO_WORDS: it has no words. HIDDEN_MEMORY:
 *            its memory 0 is not exported, or the options do not identify it.
 *            Other verdicts up to OVERLAP: see module.h. A verdict after
 *            OVERLAP: `wasm` is not the module of this instance. `*tracked` has
 *            no instance then; you may still pass it to sync and untrack.
 * Errors:    EINVAL (an argument is missing), ENOMEM, EFULL, EDEAD. Nothing is
 *            tracked; `*tracked` is as after a verdict.
 * Ownership: takes none. Do not delete the store while the instance is tracked;
 *            see wasmsig_wasmtime_finalizer().
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_track(wasmsig_registry *registry,
                                       wasmtime_context_t *context,
                                       const wasmtime_instance_t *instance,
                                       const wasmsig_wasmtime_options *options,
                                       wasmsig_wasmtime_tracked *tracked);

/**
 * Reads the address of a MOVABLE memory again, and writes pending signals into
 * its words. Call it before each call of the guest, and in long functions that
 * the guest imports. For the other classes it does nothing and costs little.
 *
 * Returns:   1 if it wrote a signal, else 0; 0 if it was never tracked.
 * Errors:    EINVAL, ENOINSTANCE (no longer tracked), EDEAD.
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_sync(const wasmsig_wasmtime_tracked *tracked);

/**
 * Untracks the instance. Needed only if its registry outlives its store. Call
 * it before wasmtime_store_delete().
 *
 * Errors:    EINVAL, ENOINSTANCE (no longer tracked), EDEAD.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_untrack(wasmsig_wasmtime_tracked *tracked);

/**
 * A finalizer for a store whose data is a registry: destroys the registry
 * before the store's memories are unmapped. Destroy the budgets of the registry
 * before you delete the store.
 *
 * Threads:   the one that deletes the store. Signal handlers: no.
 * Source:    Wasmtime 50.0.1, src/runtime/store.rs, `impl Drop for Store`: the
 *            data is dropped first, then the instances.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wasmtime_finalizer(void *registry);

/* ----------------------------------------------------------------- killing */

/**
 * A killer ends calls in the stores that it is attached to, with Wasmtime's
 * epochs. The engine must be configured with epoch_interruption. Otherwise
 * Wasmtime compiles no checks, and a kill has no effect
 * (wasmsig_wasmtime_can_kill()). Without epochs a budget can still stop guests
 * that poll as the SDK does: its `kill` raises SIGKILL, its `undo` clears it.
 *
 * The epoch belongs to the engine. So each kill makes every attached store of
 * the engine check, but only calls in stores of this killer end. In a store of
 * the same engine without a killer, each kill brings the epoch deadline nearer
 * by 1. So use one killer for each thread that runs guests, or for each store.
 * Attach it to all stores that a section of its budgets may run.
 */
struct wasmsig_wasmtime_killer;

/**
 * Creates a killer.
 *
 * Returns:   NULL if it is out of memory, or engine is NULL.
 * Ownership: the caller's, until wasmsig_wasmtime_killer_delete(). The killer
 *            keeps the engine alive.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API struct wasmsig_wasmtime_killer *wasmsig_wasmtime_killer(
    const wasm_engine_t *engine);

/**
 * Whether the engine's code can be killed: whether the engine was configured
 * with epoch_interruption. It runs two instructions to find out, which takes
 * about a millisecond, so call it once for an engine.
 *
 * Returns:   false also if it cannot run them (Wasmtime without a compiler).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API bool wasmsig_wasmtime_can_kill(wasm_engine_t *engine);

/**
 * Attaches the killer to a store, until the end of the store. It uses the
 * store's epoch deadline and callback. If you need your own epoch callback,
 * call wasmsig_wasmtime_killer_check() there instead.
 *
 * Errors:    EINVAL.
 * Ownership: the store keeps the killer alive, even after its delete.
 * Threads:   the one that uses the store, outside of a call.
 * Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_killer_attach(
    struct wasmsig_wasmtime_killer *killer, wasmtime_store_t *store);

/**
 * Sets kill, undo, context and kill_is_signal_safe in the options of a budget.
 * Delete the killer after the budget is destroyed.
 *
 * Errors:    EINVAL.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_killer_apply(
    struct wasmsig_wasmtime_killer *killer, wasmsig_budget_options *options);

/**
 * For your own epoch deadline callback: whether the running call is to end. The
 * epoch increases by 1 at each kill, so keep the deadline 1 tick away.
 *
 * Returns:   NULL: the call goes on. Otherwise the error that the callback must
 *            return; the call of the guest then ends with the CPU limit's trap.
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API wasmtime_error_t *wasmsig_wasmtime_killer_check(
    const struct wasmsig_wasmtime_killer *killer);

/** Releases the killer. NULL is ignored. */
WASMSIG_API void wasmsig_wasmtime_killer_delete(
    struct wasmsig_wasmtime_killer *killer);

/**
 * The `kill` and `undo` of a budget; their context is the killer. A host may
 * also use them for its own reasons. From a kill to its undo, running calls in
 * the killer's stores end, and new calls end at once. A kill may miss a store
 * that is just checking for another killer. So repeat it every millisecond
 * until the call has ended, as budgets do.
 *
 * Threads:   kill: any, signal handlers too. undo: the one that uses the
 *            stores, outside of their calls.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wasmtime_kill(void *killer);
WASMSIG_API void wasmsig_wasmtime_undo(void *killer);

/**
 * Whether a trap is that of a killed call: Wasmtime's trap code INTERRUPT. In a
 * store that is attached to a killer, only a kill causes it, or a function of
 * the host that creates it (wasmtime_trap_new_code). wasmsig_budget_leave()
 * tells which budget's limit it was.
 *
 * Returns:   false for NULL.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API bool wasmsig_wasmtime_is_cpu_limit(const wasm_trap_t *trap);

#ifdef __cplusplus
}
#endif

#endif
