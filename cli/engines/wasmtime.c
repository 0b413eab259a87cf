/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig run` in Wasmtime: with Wasmtime's defaults, without epochs. The
 * compiled code is the same as without wasmsig. The hard limit ends the
 * process.
 */
#include "engines/engine.h"

#include "engines/wasmtime_code.h"
#include "engines/wasmtime_component.h"
#include "engines/wasmtime_engine.h"
#include "engines/wasmtime_error.h"
#include "engines/wasmtime_invoke.h"
#include "engines/wasmtime_trampoline.h"
#include "engines/wasmtime_wasi.h"
#include "wasmsig/wasmtime.h"

#include <string.h>
#include <unistd.h>

static wasm_engine_t *engine;
static wasmtime_store_t *store;
static wasmtime_context_t *context;
static struct cli_wasmtime_code code;
static wasmtime_instance_pre_t *linked;
static wasmtime_instance_t instance;
static wasmsig_wasmtime_tracked tracked;
static wasmtime_extern_t memory;
static int memory_is_known; /* atomic: set after `memory` */

/* -------------------------------------------------------------------- load */

static bool load(const struct cli_job *job, struct cli_result *result) {
  engine = cli_wasmtime_start(job->wasi->folder_count > 0, result);
  if (!engine) return false;
  store = wasmtime_store_new(engine, NULL, NULL);
  cli_wasmtime_limit_memory(store, job->most_memory);
  context = wasmtime_store_context(store);
  wasmtime_error_t *error = cli_wasmtime_load(engine, job, &code);
  if (error) return cli_wasmtime_succeeded(result, error, NULL);
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  error =
      cli_wasmtime_wasi_define(engine, linker, context, job->wasi, &tracked);
  if (!error)
    error = wasmtime_linker_instantiate_pre(linker, code.module, &linked);
  wasmtime_linker_delete(linker);
  return cli_wasmtime_succeeded(result, error, NULL);
}

/* -------------------------------------------------------------- the guest */

static bool instantiate(const struct cli_job *job, struct cli_result *result) {
  wasm_trap_t *trap = NULL;
  (void)job;
  wasmtime_error_t *error =
      wasmtime_instance_pre_instantiate(linked, context, &instance, &trap);
  if (!cli_wasmtime_succeeded(result, error, trap)) return false;
  bool found =
      wasmtime_instance_export_get(context, &instance, "memory", 6, &memory);
  __atomic_store_n(&memory_is_known, found, __ATOMIC_RELEASE);
  return true;
}

static int track(const struct cli_job *job, wasmsig_instance *handle) {
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.report = job->report;
  int verdict = wasmsig_wasmtime_track(job->registry, context, &instance,
                                       &options, &tracked);
  *handle = verdict == 0 ? tracked.instance : 0;
  return verdict < 0 ? verdict : WASMSIG_OK;
}

static void call(const struct cli_job *job, struct cli_result *result) {
  wasmtime_extern_t start;
  wasm_trap_t *trap = NULL;
  *result = (struct cli_result){.outcome = CLI_EXITED, .status = 0};
  if (job->invocation) {
    cli_wasmtime_invoke(job->invocation, context, &instance, result);
    return;
  }
  if (!wasmtime_instance_export_get(context, &instance, "_start", 6, &start) ||
      start.kind != WASMTIME_EXTERN_FUNC) {
    cli_result_refuse(result, "its compiled code has no function _start");
    return;
  }
  wasmtime_error_t *error =
      wasmtime_func_call(context, &start.of.func, NULL, 0, NULL, 0, &trap);
  cli_wasmtime_succeeded(result, error, trap);
}

static void close_engine(const struct cli_job *job) {
  (void)job;
  if (tracked.instance) wasmsig_wasmtime_untrack(&tracked);
  /* The end of the process releases the rest, which is faster. */
}

/* Reads the length that the engine keeps, without a lock. While the guest runs,
 * the store changes only when an instance is added to it. In that moment this
 * returns the length that it read last. */
static uint64_t memory_size(void) {
  static uint64_t last_length; /* atomic */
  uint64_t now = 0;
  if (!__atomic_load_n(&memory_is_known, __ATOMIC_ACQUIRE)) return 0;
  if (cli_store_is_changing())
    return __atomic_load_n(&last_length, __ATOMIC_RELAXED);
  if (memory.kind == WASMTIME_EXTERN_MEMORY)
    now = wasmtime_memory_data_size(context, &memory.of.memory);
  else if (memory.kind == WASMTIME_EXTERN_SHAREDMEMORY)
    now = wasmtime_sharedmemory_data_size(memory.of.sharedmemory);
  __atomic_store_n(&last_length, now, __ATOMIC_RELAXED);
  return now;
}

const struct cli_engine cli_wasmtime = {
    .name = "wasmtime",
    .needs_utf8 = true,
    .for_components = &cli_wasmtime_component,
    .load = load,
    .instantiate = instantiate,
    .track = track,
    .call = call,
    .close = close_engine,
    .memory_size = memory_size,
};
