/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for embedders of Wasmtime: signals and CPU limits for instances that
 * run in a store. What a registry, an instance and a budget are stands in
 * host.h, what a guest does in guest.h.
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
 *     // ... wasmtime_module_new(), wasmtime_instance_new() as ever, then:
 *     wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
 *     options.wasm = bytes;                       // what module_new was given
 *     options.wasm_length = length;
 *     wasmsig_wasmtime_tracked tracked;
 *     int result = wasmsig_wasmtime_track(registry, context, &instance,
 *                                         &options, &tracked);
 *     if (result < 0) puts(wasmsig_error_text(result));
 *     if (result > 0) puts(wasmsig_verdict_text(result));  // no signals
 *
 *     wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
 *     limits.soft_ns = 50 * 1000000;              // told after 50 ms of CPU,
 *     limits.hard_ns = 100 * 1000000;             // stopped after 100 ms
 *     limits.registry = registry;
 *     wasmsig_wasmtime_killer_apply(killer, &limits);
 *     wasmsig_budget budget;
 *     wasmsig_budget_init(&budget, &limits);
 *
 *     wasmsig_wasmtime_sync(&tracked);            // only if memories may move
 *     wasmsig_budget_enter(&budget);
 *     wasm_trap_t *trap = NULL;
 *     wasmtime_error_t *error =
 *         wasmtime_func_call(context, &run, NULL, 0, NULL, 0, &trap);
 *     int outcome = wasmsig_budget_leave(&budget);
 *     if (wasmsig_wasmtime_is_cpu_limit(trap))
 *       puts("out of CPU; the store goes on");
 *
 *     wasmsig_budget_destroy(&budget);            // before its registry
 *     wasmtime_store_delete(store);               // the finalizer untracks
 *     wasmsig_wasmtime_killer_delete(killer);
 *
 * Memories. A signal is written into a running guest only where its memory
 * cannot move. With Wasmtime's defaults on 64-bit hosts a 32-bit memory has
 * 4 GiB of address space: it never moves, and is FIXED. A 64-bit memory, or one
 * that may reach more than the engine's `memory_reservation`, is MOVABLE: its
 * signals wait for wasmsig_wasmtime_sync() at a call's boundary. The API of
 * Wasmtime cannot tell what an engine was configured to reserve, so **who
 * configures memories says so in the options** (`memory_reservation`).
 * `memory_may_move(false)` alone changes nothing here: what counts is that the
 * address space behind the memory is reserved.
 *
 * The store's end. A tracked memory is unmapped with its store, and the pooling
 * allocator gives it to another: instances must be forgotten before. The
 * finalizer of the store's data runs before that; those of functions and of
 * externrefs run after it, and are no place to untrack. With data of your own,
 * call wasmsig_wasmtime_finalizer(registry) in its finalizer.
 *
 * Which calls may overlap: nothing here with another call on the same store,
 * as everywhere in Wasmtime, but for wasmsig_wasmtime_kill(), which may overlap
 * with everything. In signal handlers: wasmsig_wasmtime_kill() only.
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
 * How to find memory 0 of an instance. The API of Wasmtime cannot tell which
 * of several memories it is, nor whether there is one that is not exported: so
 * one of these must be there. `report` goes before `wasm`.
 */
typedef struct wasmsig_wasmtime_options {
  size_t size; /* of this struct, for later versions to tell */
  /** What wasmsig_module_inspect() says of the instance's module. */
  const wasmsig_module_report *report;
  /** The module's bytes (binary, not text): they are inspected. */
  const void *wasm;
  size_t wasm_length;
  /**
   * Of kind MEMORY or SHAREDMEMORY. With a report, or bytes: what you passed
   * for memory 0 of a module that imports it; used if it is not exported as
   * well. Without: memory 0 itself.
   */
  const wasmtime_extern_t *memory;
  /**
   * The engine's pooling allocator puts memories under protection keys
   * (memory_protection_keys): threads that run no guest may not write there,
   * so the memory is taken as GUARDED, written through the system.
   */
  bool has_protection_keys;
  /**
   * How many bytes the engine reserves for each memory: what was given to
   * wasmtime_config_memory_reservation_set(). Under the pooling allocator it is
   * that or `max_memory_size`, whichever is more; with a host_memory_creator
   * what that one guarantees, or 0. A memory that may grow beyond is MOVABLE.
   *
   * WASMSIG_WASMTIME_DEFAULT: the configuration says nothing of memories (nor
   * sets signals_based_traps to false), so that each has 4 GiB and 32 MiB of
   * guards before and behind it. All of them must be found there, or the memory
   * is MOVABLE; but that does not tell them from guards of 4 GiB and more, so
   * do not leave it at this where you have configured something else.
   */
  uint64_t memory_reservation;
} wasmsig_wasmtime_options;

/** The engine's memories are as Wasmtime has them unless configured. */
#define WASMSIG_WASMTIME_DEFAULT UINT64_MAX

#define WASMSIG_WASMTIME_OPTIONS_INIT                            \
  {sizeof(wasmsig_wasmtime_options), NULL, NULL, 0, NULL, false, \
   WASMSIG_WASMTIME_DEFAULT}

/** A tracked instance. Filled in by wasmsig_wasmtime_track(); read only. */
typedef struct wasmsig_wasmtime_tracked {
  wasmsig_registry *registry;
  /** For wasmsig_instance_raise() and budgets; 0 if it is not tracked. */
  wasmsig_instance instance;
  wasmsig_memory_class memory_class;
  /* For wasmsig_wasmtime_sync(). */
  wasmtime_context_t *context;
  wasmtime_memory_t memory;
} wasmsig_wasmtime_tracked;

/**
 * Finds the words and memory 0 of an instance, and tracks it: right after
 * instantiation, before its first call.
 *
 * The values of the words are those of the instance's own exports, never of
 * the report.
 *
 * tracked:   filled in; NULL if it is not needed (no sync, no untrack)
 *
 * Returns:   0 (WASMSIG_VERDICT_TRACKED): signals reach it. Otherwise the
 *            wasmsig_verdict that says why they do not; the instance is as it
 *            was, and may run: NO_WORDS, it has none; HIDDEN_MEMORY, its memory
 *            0 is not exported, or cannot be known from what you gave; and the
 *            others up to OVERLAP. A verdict behind OVERLAP: `wasm` cannot be
 *            this instance's module. `*tracked` then has no instance, and may
 *            be synced and untracked all the same.
 * Errors:    EINVAL (something is missing; registry is NULL), ENOMEM, EFULL,
 *            EDEAD. Nothing is tracked, and `*tracked` as after a verdict.
 * Ownership: nothing is taken. The store must not be deleted while it is
 *            tracked; see wasmsig_wasmtime_finalizer().
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_track(wasmsig_registry *registry,
                                       wasmtime_context_t *context,
                                       const wasmtime_instance_t *instance,
                                       const wasmsig_wasmtime_options *options,
                                       wasmsig_wasmtime_tracked *tracked);

/**
 * Reads again where a MOVABLE memory is, and puts what waits into its words:
 * before each call of the guest, and in functions that it imports if those
 * take long. Nothing to do for memories of the other classes; cheap for them.
 *
 * Returns:   1 if a signal was put there, else 0; 0 if it was never tracked.
 * Errors:    EINVAL, ENOINSTANCE (not tracked any more), EDEAD.
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_sync(const wasmsig_wasmtime_tracked *tracked);

/**
 * Forgets the instance. Needed only where its registry outlives its store;
 * call it before wasmtime_store_delete().
 *
 * Errors:    EINVAL, ENOINSTANCE (not tracked any more), EDEAD.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_untrack(wasmsig_wasmtime_tracked *tracked);

/**
 * The finalizer of a store whose data is a registry of its own: destroys the
 * registry, before the store's memories are unmapped. Budgets that name the
 * registry must have been destroyed before the store is deleted.
 *
 * Threads:   the one that deletes the store. Signal handlers: no.
 * Source:    Wasmtime 50.0.1, src/runtime/store.rs, `impl Drop for Store`: the
 *            data is dropped first, the instances after it.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wasmtime_finalizer(void *registry);

/* ----------------------------------------------------------------- killing */

/**
 * Ends what runs in the stores that it is attached to, by Wasmtime's epochs.
 * The engine's configuration must have epoch_interruption: without it Wasmtime
 * compiles no checks in, and nothing ends (wasmsig_wasmtime_can_kill()). An
 * engine without epochs can still stop guests that poll as the SDK does: by a
 * budget whose `kill` raises SIGKILL, and whose `undo` clears it.
 *
 * An epoch belongs to the engine: each kill makes every attached store of the
 * engine look up, and only those of this killer end. A store of the same
 * engine that is attached to no killer follows its own deadline, which each
 * kill brings nearer by 1. So: one killer for each thread that runs guests, or
 * each store, attached to all stores that a section of its budgets may run.
 */
struct wasmsig_wasmtime_killer;

/**
 * Makes a killer.
 *
 * Returns:   NULL if there is no memory, or no engine.
 * Ownership: the caller's, until wasmsig_wasmtime_killer_delete(). It holds on
 *            to the engine.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API struct wasmsig_wasmtime_killer *wasmsig_wasmtime_killer(
    const wasm_engine_t *engine);

/**
 * Whether the engine's code can be killed: whether it was configured with
 * epoch_interruption. Asked by running two instructions, which takes about a
 * millisecond: once an engine.
 *
 * Returns:   false also where that cannot be tried (no compiler built in).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API bool wasmsig_wasmtime_can_kill(wasm_engine_t *engine);

/**
 * Lets the killer end what runs in a store, from now until the store's end.
 * Takes the store's epoch deadline and its callback: an embedder with an epoch
 * policy of its own calls wasmsig_wasmtime_killer_check() in its own callback
 * instead.
 *
 * Errors:    EINVAL.
 * Ownership: the store keeps the killer alive, whoever deletes it.
 * Threads:   the one that uses the store, which runs nothing. Signal handlers:
 *            no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_killer_attach(
    struct wasmsig_wasmtime_killer *killer, wasmtime_store_t *store);

/**
 * Sets kill, undo, context and kill_is_signal_safe in a budget's options. The
 * killer must live until the budget is destroyed.
 *
 * Errors:    EINVAL.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wasmtime_killer_apply(
    struct wasmsig_wasmtime_killer *killer, wasmsig_budget_options *options);

/**
 * For an epoch deadline callback of your own: whether the store is to end.
 * The epoch moves by 1 at each kill, so keep the deadline 1 tick away.
 *
 * Returns:   NULL, go on; otherwise what the callback must return, which the
 *            call of the guest turns into the CPU limit's trap.
 * Threads:   the one that uses the store. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API wasmtime_error_t *wasmsig_wasmtime_killer_check(
    const struct wasmsig_wasmtime_killer *killer);

/** Lets go of the killer. NULL is nothing to let go of. */
WASMSIG_API void wasmsig_wasmtime_killer_delete(
    struct wasmsig_wasmtime_killer *killer);

/**
 * A budget's `kill` and `undo`; their context is the killer. For hosts that
 * kill for reasons of their own: from a kill to its undo, everything ends that
 * runs in the killer's stores, and what is called there ends at once. A kill
 * may miss a store that is just looking up because of another killer's: repeat
 * it each millisecond until what you kill has ended, as budgets do.
 *
 * Threads:   kill: any, signal handlers too. undo: the one that uses the
 *            stores, when none of their calls is running.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wasmtime_kill(void *killer);
WASMSIG_API void wasmsig_wasmtime_undo(void *killer);

/**
 * Whether a trap is that of a killed call: Wasmtime's trap code INTERRUPT. In
 * stores that are attached to a killer nothing else gives it, but a function
 * of the host that makes it itself (wasmtime_trap_new_code). Whose limit it
 * was, wasmsig_budget_leave() says.
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
