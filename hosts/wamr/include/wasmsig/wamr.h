/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for embedders of WAMR (WebAssembly Micro Runtime): signals and CPU
 * limits for module instances. host.h explains registries, instances and
 * budgets; guest.h explains what a guest does.
 *
 *     wasm_module_inst_t instance = wasm_runtime_instantiate(...);
 *     wasm_exec_env_t exec_env = wasm_runtime_create_exec_env(instance, ...);
 *
 *     wasmsig_registry *registry;
 *     wasmsig_registry_create(&registry);
 *     wasmsig_wamr_tracked tracked;
 *     int result = wasmsig_wamr_track(registry, instance, &tracked);
 *     if (result < 0) puts(wasmsig_error_text(result));
 *     if (result > 0) puts(wasmsig_verdict_text(result));  // not tracked
 *
 *     wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
 *     limits.soft_ns = 50 * 1000000;        // signal after 50 ms of CPU,
 *     limits.hard_ns = 100 * 1000000;       // stop after 100 ms
 *     limits.registry = registry;
 *     wasmsig_wamr_killer_apply(instance, &limits);
 *     wasmsig_budget budget;
 *     wasmsig_budget_init(&budget, &limits);
 *
 *     wasmsig_wamr_sync(&tracked);          // for MOVABLE memories
 *     wasmsig_budget_enter(&budget);
 *     wasm_runtime_call_wasm(exec_env, function, 0, NULL);
 *     if (wasmsig_budget_leave(&budget) == WASMSIG_LEFT_KILLED)
 *       puts("out of CPU; the instance can be used again");
 *
 *     wasmsig_budget_destroy(&budget);
 *     wasmsig_wamr_untrack(&tracked);       // before the deinstantiation
 *     wasm_runtime_destroy_exec_env(exec_env);
 *     wasm_runtime_deinstantiate(instance);
 *     wasmsig_registry_destroy(registry);
 *
 * How to build WAMR. Guests poll with atomic loads. WAMR supports them with
 * WAMR_BUILD_SHARED_MEMORY=1 only, even for memories that are not shared:
 * otherwise wasm_runtime_load() refuses them ("unsupported opcode fe"). Hard
 * limits need WAMR_BUILD_THREAD_MGR=1: otherwise its interpreter does not check
 * for a termination in loops. Neither is on by default.
 *
 * WAMR's interpreter executes an atomic read-modify-write as a load and a
 * store. A signal that is written between the two is lost. So a
 * poll must load the word first, and exchange it only if it is not 0, as the
 * guests of this project do: then only a second signal can be lost, and only if
 * it comes between these two instructions.
 *
 * Memories. wasmsig writes a signal into the memory of a running guest only if
 * the memory cannot move. If WAMR is built with hardware bounds checks (the
 * default on 64-bit hosts), it reserves 8 GiB for each memory. The memory never
 * moves: its class is FIXED. The adapter recognises this build by a function
 * that only this build has (os_thread_signal_inited), and it checks that the
 * 8 GiB are mapped. Otherwise a memory may move when it grows: it is MOVABLE,
 * and its signals wait for wasmsig_wamr_sync() at the boundary of a call.
 * Shared memories never move.
 *
 * The end of an instance. Untrack it before wasm_runtime_deinstantiate(). WAMR
 * frees the memory before it calls any destructor of the instance's contexts,
 * so no hook can do this for you.
 *
 * Which calls may overlap: none of this header with another call on the same
 * module instance. The exception is wasmsig_wamr_kill(): it may overlap with
 * calls of the instance's functions. In signal handlers: none.
 *
 * If a program uses both engines, link Wasmtime's library before WAMR's. Both
 * define the functions of wasm.h, and those must be Wasmtime's. The headers of
 * the two engines cannot be included in the same file.
 *
 * Made for WAMR 2.4.
 */
#ifndef WASMSIG_WAMR_H
#define WASMSIG_WAMR_H

#include <wasm_export.h>

#include <wasmsig/host.h>
#include <wasmsig/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A tracked instance. Filled in by wasmsig_wamr_track(); read only. */
typedef struct wasmsig_wamr_tracked {
  wasmsig_registry *registry; /* that it is tracked in */
  /** For wasmsig_instance_raise() and budgets; 0 if it is not tracked. */
  wasmsig_instance instance;
  wasmsig_memory_class memory_class; /* of the memory with the words */
  wasm_module_inst_t module_inst;    /* for wasmsig_wamr_sync() */
} wasmsig_wamr_tracked;

/**
 * Finds the words and memory 0 of a module instance, and tracks it. Call it
 * right after the instantiation, before the first call of the guest. WAMR knows
 * which memory is memory 0, exported or not. It refuses to load a module with
 * several memories. So a memory of the words' own
 * (docs/explanation/protocol.md) is only found where it is the only memory.
 *
 * Threads that the guest spawns (wasi-threads) share the memory, so tracking
 * the first instance is enough. The words must have type i32: WAMR's API cannot
 * recognise 64-bit memories, which its fast interpreter does not support.
 *
 * tracked:   filled in; NULL if you destroy the registry before the instance
 *            ends
 *
 * Returns:   0 (WASMSIG_VERDICT_TRACKED): the instance receives signals.
 *            Otherwise the wasmsig_verdict that says why not. The instance is
 *            unchanged, and may run. NO_WORDS: it has no words. Other verdicts
 *            up to OVERLAP: see module.h. `*tracked` has no instance then; you
 *            may still pass it to sync and untrack.
 * Errors:    EINVAL (an argument is NULL), ENOMEM, EFULL, EDEAD. Nothing is
 *            tracked; `*tracked` is as after a verdict.
 * Ownership: takes none. Do not deinstantiate the instance while it is tracked.
 * Threads:   the one that uses the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_track(wasmsig_registry *registry,
                                   wasm_module_inst_t module_inst,
                                   wasmsig_wamr_tracked *tracked);

/**
 * Reads the address of a MOVABLE memory again, and writes pending signals into
 * its words. Call it before each call of the guest, and in long functions that
 * the guest imports. For the other classes it does nothing and costs little.
 *
 * Returns:   1 if it wrote a signal, else 0; 0 if it was never tracked.
 * Errors:    EINVAL, ENOINSTANCE (no longer tracked), EDEAD.
 * Threads:   the one that uses the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_sync(const wasmsig_wamr_tracked *tracked);

/**
 * Untracks the instance. Call it before wasm_runtime_deinstantiate().
 *
 * Errors:    EINVAL, ENOINSTANCE (no longer tracked), EDEAD.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_untrack(wasmsig_wamr_tracked *tracked);

/**
 * Sets kill, undo and context in the options of a budget. The kill is
 * wasm_runtime_terminate(): it ends the instance's running calls. It also
 * requests the end of threads that the instance has spawned, but a thread that
 * has not checked before the section is left goes on.
 *
 * Create the exec_env of a call before you enter its section, and destroy it
 * after you leave the section: a kill in between uses it. WAMR must be built
 * with the thread manager (WAMR_BUILD_THREAD_MGR=1).
 *
 * A killed call fails. Its exception is "terminated by user" until the section
 * is left. The leave clears the exception, and the instance can be called
 * again.
 *
 * Errors:    EINVAL.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_killer_apply(wasm_module_inst_t module_inst,
                                          wasmsig_budget_options *options);

/**
 * The `kill` and `undo` of a budget; their context is the module instance. A
 * host may also use them for its own reasons: repeat a kill every millisecond
 * until the call has ended, as budgets do, and then undo it.
 *
 * Threads:   kill: any, while the instance and the exec_env of its call exist.
 *            undo: the one that uses the instance, outside of its calls.
 *            Signal handlers: no, they take locks.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wamr_kill(void *module_inst);
WASMSIG_API void wasmsig_wamr_undo(void *module_inst);

/**
 * Whether the instance's exception is that of a killed call. Call it after the
 * guest's call and before the section is left, as the leave clears it.
 *
 * Returns:   false for NULL.
 * Threads:   the one that uses the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API bool wasmsig_wamr_is_cpu_limit(wasm_module_inst_t module_inst);

#ifdef __cplusplus
}
#endif

#endif
