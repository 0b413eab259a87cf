/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for embedders of WAMR (WebAssembly Micro Runtime): signals and CPU
 * limits for module instances. What a registry, an instance and a budget are
 * stands in host.h, what a guest does in guest.h.
 *
 *     wasm_module_inst_t instance = wasm_runtime_instantiate(...);  // as ever
 *     wasm_exec_env_t exec_env = wasm_runtime_create_exec_env(instance, ...);
 *
 *     wasmsig_registry *registry;
 *     wasmsig_registry_create(&registry);
 *     wasmsig_wamr_tracked tracked;
 *     int result = wasmsig_wamr_track(registry, instance, &tracked);
 *     if (result < 0) puts(wasmsig_error_text(result));
 *     if (result > 0) puts(wasmsig_verdict_text(result));  // no signals
 *
 *     wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
 *     limits.soft_ns = 50 * 1000000;        // told after 50 ms of CPU,
 *     limits.hard_ns = 100 * 1000000;       // stopped after 100 ms
 *     limits.registry = registry;
 *     wasmsig_wamr_killer_apply(instance, &limits);
 *     wasmsig_budget budget;
 *     wasmsig_budget_init(&budget, &limits);
 *
 *     wasmsig_wamr_sync(&tracked);          // only if memories may move
 *     wasmsig_budget_enter(&budget);
 *     wasm_runtime_call_wasm(exec_env, function, 0, NULL);
 *     if (wasmsig_budget_leave(&budget) == WASMSIG_LEFT_KILLED)
 *       puts("out of CPU; the instance goes on");
 *
 *     wasmsig_budget_destroy(&budget);
 *     wasmsig_wamr_untrack(&tracked);       // before the instance ends
 *     wasm_runtime_destroy_exec_env(exec_env);
 *     wasm_runtime_deinstantiate(instance);
 *     wasmsig_registry_destroy(registry);
 *
 * How WAMR is built. Guests poll by atomic loads, which it reads only with
 * WAMR_BUILD_SHARED_MEMORY=1: wasm_runtime_load() refuses them otherwise
 * ("unsupported opcode fe"), whether a memory is shared or not. Hard limits
 * need WAMR_BUILD_THREAD_MGR=1, without which its interpreter does not look up
 * in a loop. Neither is on by default.
 *
 * Memories. A signal is written into a running guest only where its memory
 * cannot move. Built with the hardware's bounds checks (the default on 64-bit
 * hosts) WAMR reserves 8 GiB for each memory: it never moves, and is FIXED. The
 * adapter knows that build by a function of WAMR's that no other has
 * (os_thread_signal_inited), and asks the system whether the 8 GiB are there.
 * Without it, or them, a memory is taken to move when it grows:
 * it is MOVABLE, and its signals wait for wasmsig_wamr_sync() at a call's
 * boundary. Shared memories stay where they are.
 *
 * The instance's end. Untrack before wasm_runtime_deinstantiate(): WAMR frees
 * the memory before it calls the destructor of any context of the instance, so
 * that there is no hook that could do it for you.
 *
 * Which calls may overlap: nothing here with another call on the same module
 * instance, but for wasmsig_wamr_kill(), which may overlap with calls of its
 * functions. In signal handlers: nothing of this header.
 *
 * A program with both engines links Wasmtime's library before WAMR's: both
 * define the functions of wasm.h, and those must be Wasmtime's. In one file the
 * headers of both cannot be included.
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
  wasmsig_registry *registry;
  /** For wasmsig_instance_raise() and budgets; 0 if it is not tracked. */
  wasmsig_instance instance;
  wasmsig_memory_class memory_class;
  /* For wasmsig_wamr_sync(). */
  wasm_module_inst_t module_inst;
} wasmsig_wamr_tracked;

/**
 * Finds the words and memory 0 of a module instance, and tracks it: right
 * after instantiation, before its first call. WAMR tells which memory is memory
 * 0, exported or not.
 *
 * Threads that the guest spawns (wasi-threads) have the same memory: tracking
 * the first instance is enough for all of them. Words must be of type i32: its
 * API does not tell 64-bit memories, which its fast interpreter has not got.
 *
 * tracked:   filled in; NULL if it is not needed (the registry is destroyed
 *            before the instance ends)
 *
 * Returns:   0 (WASMSIG_VERDICT_TRACKED): signals reach it. Otherwise the
 *            wasmsig_verdict that says why they do not; the instance is as it
 *            was, and may run: NO_WORDS, it has none; and the others up to
 *            OVERLAP. `*tracked` then has no instance, and may be synced and
 *            untracked all the same.
 * Errors:    EINVAL (something is NULL), ENOMEM, EFULL, EDEAD. Nothing is
 *            tracked, and `*tracked` as after a verdict.
 * Ownership: nothing is taken. The instance must not be deinstantiated while
 *            it is tracked.
 * Threads:   the one that uses the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_track(wasmsig_registry *registry,
                                   wasm_module_inst_t module_inst,
                                   wasmsig_wamr_tracked *tracked);

/**
 * Reads again where a MOVABLE memory is, and puts what waits into its words:
 * before each call of the guest, and in functions that it imports if those
 * take long. Nothing to do for memories of the other classes; cheap for them.
 *
 * Returns:   1 if a signal was put there, else 0; 0 if it was never tracked.
 * Errors:    EINVAL, ENOINSTANCE (not tracked any more), EDEAD.
 * Threads:   the one that uses the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_sync(const wasmsig_wamr_tracked *tracked);

/**
 * Forgets the instance: before wasm_runtime_deinstantiate().
 *
 * Errors:    EINVAL, ENOINSTANCE (not tracked any more), EDEAD.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_untrack(wasmsig_wamr_tracked *tracked);

/**
 * Sets kill, undo and context in a budget's options: wasm_runtime_terminate()
 * ends what the instance runs. Threads that it has spawned are told to end,
 * too, but one that has not looked up before the section is left goes on.
 *
 * The exec_env of a call must be created before its section is entered, and
 * destroyed after it is left: a kill that comes meanwhile looks for it. WAMR
 * must be built with the thread manager (WAMR_BUILD_THREAD_MGR=1).
 *
 * A call that is killed fails, and its exception is "terminated by user" until
 * the section is left: the leave takes it back, and the instance can be called
 * again.
 *
 * Errors:    EINVAL.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_wamr_killer_apply(wasm_module_inst_t module_inst,
                                          wasmsig_budget_options *options);

/**
 * A budget's `kill` and `undo`; their context is the module instance. For hosts
 * that kill for reasons of their own: repeat a kill each millisecond until what
 * you kill has ended, as budgets do, and undo it then.
 *
 * Threads:   kill: any, while the instance and the exec_env of its call exist.
 *            undo: the one that uses the instance, when it runs nothing.
 *            Signal handlers: no, they take locks.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_wamr_kill(void *module_inst);
WASMSIG_API void wasmsig_wamr_undo(void *module_inst);

/**
 * Whether the instance's exception is that of a killed call: to be asked
 * between the call and the section's leave, which takes it back.
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
