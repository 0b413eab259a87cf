/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig run` for components in Wasmtime: commands of WASI 0.2, which export
 * wasi:cli/run. Wasmtime serves WASI. A component's memories are hidden from
 * its host, so there are no words to write to: it takes its signals by a call
 * (wasmtime_component_signals.h). Limits count as for a module.
 *
 * A call of WASI that blocks does so inside Wasmtime: a signal does not end it.
 */
#include "engines/wasmtime_component.h"

#include "engines/wasmtime_code.h"
#include "engines/wasmtime_component_linker.h"
#include "engines/wasmtime_component_signals.h"
#include "engines/wasmtime_engine.h"
#include "engines/wasmtime_error.h"
#include "engines/wasmtime_wasi.h"
#include "wasi/wasi.h"

#include <string.h>

/* Any version of 0.2 is the same interface. */
#define RUN_INTERFACE "wasi:cli/run@0.2."
#define RUN_OF_0_3 "wasi:cli/run@0.3."
#define HTTP_INTERFACE "wasi:http/incoming-handler@"

static wasm_engine_t *engine;
static wasmtime_context_t *context;
static struct cli_wasmtime_code code;
static struct cli_component_linker linker;
static wasmtime_component_instance_t instance;
static wasmtime_component_export_index_t *run_index;

/* -------------------------------------------------------------------- load */

/* The index of an export whose name starts so, or NULL. */
static wasmtime_component_export_index_t *find_export(
    const wasmtime_component_type_t *type, const char *prefix) {
  size_t count = wasmtime_component_type_export_count(type, engine);
  size_t length = strlen(prefix);
  for (size_t i = 0; i < count; i++) {
    const char *name;
    size_t name_length;
    wasmtime_component_extern_t *item;
    if (!wasmtime_component_type_export_nth(type, engine, i, &name,
                                            &name_length, &item))
      continue;
    wasmtime_component_extern_delete(item);
    if (name_length >= length && memcmp(name, prefix, length) == 0)
      return wasmtime_component_get_export_index(code.component, NULL, name,
                                                 name_length);
  }
  return NULL;
}

static const char *why_no_command(const wasmtime_component_type_t *type) {
  if (find_export(type, HTTP_INTERFACE))
    return "it is a server (it exports wasi:http/incoming-handler), and no "
           "command: it exports no wasi:cli/run of version 0.2";
  if (find_export(type, RUN_OF_0_3))
    return "it is a command of WASI 0.3, and only 0.2 is supported";
  return "it exports no wasi:cli/run of version 0.2: it is no command";
}

/* NULL, or why the component is no command. */
static const char *find_run(const wasmtime_component_type_t *type) {
  wasmtime_component_export_index_t *interface =
      find_export(type, RUN_INTERFACE);
  if (interface)
    run_index = wasmtime_component_get_export_index(code.component, interface,
                                                    "run", 3);
  return run_index ? NULL : why_no_command(type);
}

static bool load(const struct cli_job *job, struct cli_result *result) {
  engine = cli_wasmtime_start(true, result);
  if (!engine) return false;
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  cli_wasmtime_limit_memory(store, job->most_memory);
  context = wasmtime_store_context(store);
  wasmtime_error_t *error = cli_wasmtime_load(engine, job, &code);
  if (error) return cli_wasmtime_refuse(result, error);
  wasmtime_component_type_t *type = wasmtime_component_type(code.component);
  const char *why = find_run(type);
  if (why) return cli_result_refuse(result, why);
  error = cli_wasmtime_wasi_configure(context, job->wasi);
  if (!error)
    error = cli_component_linker_open(&linker, engine, context, type,
                                      job->wasi->sends_http);
  wasmtime_component_type_delete(type);
  return error ? cli_wasmtime_refuse(result, error) : true;
}

static bool receives_signals(void) { return linker.has_signals; }

/* --------------------------------------------------------------- the guest */

/* Wasmtime checks only here whether all imports exist. Its message names the
 * first that does not. */
static bool instantiate(const struct cli_job *job, struct cli_result *result) {
  (void)job;
  wasmtime_error_t *error = wasmtime_component_linker_instantiate(
      linker.linker, context, code.component, &instance);
  return cli_wasmtime_succeeded(result, error, NULL);
}

static int track(const struct cli_job *job, wasmsig_instance *handle) {
  return linker.has_signals ? cli_component_signals_track(job->registry, handle)
                            : WASMSIG_OK;
}

/* Its result is ok or an error, both without a value. */
static void set_status(struct cli_result *result,
                       const wasmtime_component_val_t *value) {
  bool is_error =
      value->kind == WASMTIME_COMPONENT_RESULT && !value->of.result.is_ok;
  *result = (struct cli_result){.outcome = CLI_EXITED, .status = is_error};
}

static void call(const struct cli_job *job, struct cli_result *result) {
  static const char missing[] = "its export wasi:cli/run has no function run";
  wasmtime_component_func_t run;
  wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_BOOL};
  (void)job;
  if (!wasmtime_component_instance_get_func(&instance, context, run_index,
                                            &run)) {
    cli_result_refuse(result, missing);
    return;
  }
  wasmtime_error_t *error =
      wasmtime_component_func_call(&run, context, NULL, 0, &value, 1);
  int status;
  if (!error)
    set_status(result, &value);
  else if (wasmtime_error_exit_status(error, &status))
    *result = (struct cli_result){.outcome = CLI_EXITED, .status = status};
  else
    cli_wasmtime_set_trap(result, error);
}

static void close_engine(const struct cli_job *job) {
  cli_component_signals_untrack(job->registry);
}

/* Wasmtime's API in C tells neither a component's memories nor their sizes. */
static uint64_t memory_size(void) { return CLI_UNKNOWN_SIZE; }

const struct cli_engine cli_wasmtime_component = {
    .name = "wasmtime",
    .needs_utf8 = true,
    .for_components = &cli_wasmtime_component,
    .load = load,
    .receives_signals = receives_signals,
    .instantiate = instantiate,
    .track = track,
    .call = call,
    .close = close_engine,
    .memory_size = memory_size,
};
