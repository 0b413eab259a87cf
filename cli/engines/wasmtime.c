/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig run` in Wasmtime: with Wasmtime's defaults, without epochs. The
 * compiled code is the same as without wasmsig. The hard limit ends the
 * process.
 */
#include "engines/engine.h"

#include "engines/wasmtime_engine.h"
#include "engines/wasmtime_module.h"
#include "engines/wasmtime_trampoline.h"
#include "engines/wasmtime_wasi.h"
#include "wasi/wasi.h"
#include "wasmsig/wasmtime.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static wasm_engine_t *engine;
static wasmtime_store_t *store;
static wasmtime_context_t *context;
static wasmtime_module_t *module;
static wasmtime_instance_pre_t *linked;
static wasmtime_instance_t instance;
static wasmsig_wasmtime_tracked tracked;
static wasmtime_extern_t memory;
static int memory_is_known; /* atomic: set after `memory` */

/* ------------------------------------------------------------------ errors */

/* The cause in Wasmtime's message: its last line, or the part of it after "wasm
 * trap: ". The lines above are the trace. */
static const char *cause_in(const char *text, size_t length, size_t *of) {
  static const char prefix[] = "wasm trap: ";
  size_t skip = sizeof prefix - 1;
  while (length > 0 && text[length - 1] == '\n') length--;
  size_t from = length;
  while (from > 0 && text[from - 1] != '\n') from--;
  const char *found = memmem(text + from, length - from, prefix, skip);
  if (found) from = (size_t)(found - text) + skip;
  while (from < length && text[from] == ' ') from++;
  *of = length - from;
  return text + from;
}

/* "CAUSE in function NAME (at 0x1a2 of the module)" */
static void set_trap_message(struct cli_result *result, const char *text,
                             size_t length, const wasm_frame_vec_t *trace) {
  char line[sizeof result->message];
  size_t cause_length;
  const char *cause = cause_in(text, length, &cause_length);
  int written = snprintf(line, sizeof line, "%.*s", (int)cause_length, cause);
  if (trace->size > 0 && written > 0 && (size_t)written < sizeof line) {
    const wasm_frame_t *frame = trace->data[0];
    const wasm_name_t *name = wasmtime_frame_func_name(frame);
    size_t offset = wasm_frame_module_offset(frame);
    char number[16], place[48] = "";
    snprintf(number, sizeof number, "%u", wasm_frame_func_index(frame));
    if (offset != SIZE_MAX) /* unknown at the start of a function */
      snprintf(place, sizeof place, " (at 0x%zx of the module)", offset);
    snprintf(line + written, sizeof line - (size_t)written,
             " in function %.*s%s", name ? (int)name->size : (int)sizeof number,
             name ? name->data : number, place);
  }
  cli_result_set(result, CLI_TRAP, line, strlen(line));
}

static void set_trap(struct cli_result *result, wasm_trap_t *trap) {
  wasm_message_t message;
  wasm_frame_vec_t trace;
  wasm_trap_message(trap, &message);
  wasm_trap_trace(trap, &trace);
  size_t length = strnlen(message.data, message.size); /* ends with a NUL */
  set_trap_message(result, message.data, length, &trace);
  wasm_frame_vec_delete(&trace);
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
}

/* An error with a trace of the guest is the failure of a function of the host.
 * Any other says why Wasmtime refused the module. */
static void set_error(struct cli_result *result, wasmtime_error_t *error) {
  wasm_message_t message;
  wasm_frame_vec_t trace;
  wasmtime_error_message(error, &message);
  wasmtime_error_wasm_trace(error, &trace);
  if (trace.size > 0)
    set_trap_message(result, message.data, message.size, &trace);
  else
    cli_result_set(result, CLI_REFUSED, message.data, message.size);
  wasm_frame_vec_delete(&trace);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
}

/* Sets the outcome, and releases error and trap. True: there was neither. */
static bool succeeded(struct cli_result *result, wasmtime_error_t *error,
                      wasm_trap_t *trap) {
  if (error) set_error(result, error);
  if (trap) set_trap(result, trap);
  if (cli_wasi_has_exited(&result->status)) result->outcome = CLI_EXITED;
  return !error && !trap;
}

/* -------------------------------------------------------------------- load */

static bool is_plain_function(const wasm_externtype_t *type) {
  const wasm_functype_t *function = wasm_externtype_as_functype_const(type);
  return function && wasm_functype_params(function)->size == 0 &&
         wasm_functype_results(function)->size == 0;
}

static bool has_start(void) {
  wasm_exporttype_vec_t exports;
  bool found = false;
  wasmtime_module_exports(module, &exports);
  for (size_t i = 0; i < exports.size; i++) {
    const wasm_name_t *name = wasm_exporttype_name(exports.data[i]);
    const wasm_externtype_t *type = wasm_exporttype_type(exports.data[i]);
    if (name->size == 6 && memcmp(name->data, "_start", 6) == 0)
      found = is_plain_function(type);
  }
  wasm_exporttype_vec_delete(&exports);
  return found;
}

static bool load(const struct cli_job *job, struct cli_result *result) {
  engine = cli_wasmtime_start(job->wasi->folder_count > 0, result);
  if (!engine) return false;
  store = wasmtime_store_new(engine, NULL, NULL);
  if (job->most_memory != CLI_ANY_MEMORY)
    wasmtime_store_limiter(store, (int64_t)job->most_memory, -1, -1, -1, -1);
  context = wasmtime_store_context(store);
  wasmtime_error_t *error = cli_wasmtime_module(engine, job, &module);
  if (error) return succeeded(result, error, NULL);
  if (!has_start())
    return cli_result_refuse(result,
                             "it has no function _start: it is not a program");
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  error =
      cli_wasmtime_wasi_define(engine, linker, context, job->wasi, &tracked);
  if (!error) error = wasmtime_linker_instantiate_pre(linker, module, &linked);
  wasmtime_linker_delete(linker);
  return succeeded(result, error, NULL);
}

/* -------------------------------------------------------------- the guest */

static bool instantiate(const struct cli_job *job, struct cli_result *result) {
  wasm_trap_t *trap = NULL;
  (void)job;
  wasmtime_error_t *error =
      wasmtime_instance_pre_instantiate(linked, context, &instance, &trap);
  if (!succeeded(result, error, trap)) return false;
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
  (void)job;
  *result = (struct cli_result){.outcome = CLI_EXITED, .status = 0};
  if (!wasmtime_instance_export_get(context, &instance, "_start", 6, &start))
    return;
  wasmtime_error_t *error =
      wasmtime_func_call(context, &start.of.func, NULL, 0, NULL, 0, &trap);
  succeeded(result, error, trap);
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
    "wasmtime", load, instantiate, track, call, close_engine, memory_size};
