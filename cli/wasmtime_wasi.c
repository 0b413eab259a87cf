/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Our functions shadow five of Wasmtime's. Where one of them passes, Wasmtime's
 * own must be called, and that looks for the memory among the exports of the
 * instance that calls it: a call from the host has no instance. So a small
 * module stands between: it imports the guest's memory, exports it again, and
 * its functions do nothing but call Wasmtime's. It is made at the first pass;
 * a program that uses standard streams alone never needs it.
 */
#include "wasmtime_wasi.h"

#include "clock.h"
#include "wasi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const wasmsig_wasmtime_tracked *tracked;
static wasm_engine_t *engine;

/* ------------------------------------------------------------ configuration */

static wasmtime_error_t *add_folders(wasi_config_t *config,
                                     const struct cli_options *options) {
  char text[512];
  for (size_t i = 0; i < options->folder_count; i++) {
    const struct cli_folder *folder = &options->folders[i];
    if (wasi_config_preopen_dir(config, folder->host, folder->guest, true))
      continue;
    snprintf(text, sizeof text, "--dir: %s cannot be opened", folder->host);
    return wasmtime_error_new(text);
  }
  return NULL;
}

static wasmtime_error_t *configure(wasmtime_context_t *context,
                                   const struct cli_options *options) {
  /* The guest's monotonic clock begins with its configuration. */
  cli_wasi_set_monotonic_origin(cli_now_ns(CLOCK_MONOTONIC));
  wasi_config_t *config = wasi_config_new();
  bool is_utf8 = wasi_config_set_argv(config, (size_t)options->argument_count,
                                      (const char **)options->arguments) &&
                 wasi_config_set_env(config, options->variable_count,
                                     options->names, options->values);
  wasmtime_error_t *error =
      is_utf8 ? add_folders(config, options)
              : wasmtime_error_new("arguments and environment must be UTF-8");
  wasi_config_inherit_stdin(config);
  wasi_config_inherit_stdout(config);
  wasi_config_inherit_stderr(config);
  if (!error) return wasmtime_context_set_wasi(context, config);
  wasi_config_delete(config);
  return error;
}

/* ------------------------------------------------------------------ passing */

/* Wasmtime's own, and those between. */
static wasmtime_extern_t theirs[CLI_WASI_CALLS];
static wasmtime_func_t between[CLI_WASI_CALLS];
static bool between_is_made;
static int store_changes; /* atomic */

bool cli_wasmtime_store_changes(void) {
  return __atomic_load_n(&store_changes, __ATOMIC_ACQUIRE) != 0;
}

/* The i32 parameters of a function of that arity. */
static const char *parameters(uint32_t arity) {
  return arity == 4   ? "(param i32 i32 i32 i32)"
         : arity == 2 ? "(param i32 i32)"
                      : "(param i32)";
}

static const char *arguments_of(uint32_t arity) {
  return arity == 4 ? "(local.get 0) (local.get 1) (local.get 2) (local.get 3)"
         : arity == 2 ? "(local.get 0) (local.get 1)"
                      : "(local.get 0)";
}

/* A module with the memory as its first import, and the functions after it. */
static size_t write_between(char *text, size_t room, bool is_shared) {
  size_t used =
      (size_t)snprintf(text, room, "(module (import \"\" \"\" (memory %s))",
                       is_shared ? "0 65536 shared" : "0");
  for (int i = 0; i < CLI_WASI_CALLS; i++)
    used += (size_t)snprintf(text + used, room - used,
                             "(import \"\" \"\" (func $%d %s (result i32)))", i,
                             parameters(cli_wasi_calls[i].arity));
  used += (size_t)snprintf(text + used, room - used,
                           "(export \"memory\" (memory 0))");
  for (int i = 0; i < CLI_WASI_CALLS; i++) {
    uint32_t arity = cli_wasi_calls[i].arity;
    used += (size_t)snprintf(
        text + used, room - used,
        "(func (export \"%s\") %s (result i32) (call $%d %s))",
        cli_wasi_calls[i].name, parameters(arity), i, arguments_of(arity));
  }
  used += (size_t)snprintf(text + used, room - used, ")");
  return used;
}

static wasmtime_error_t *compile_between(bool is_shared,
                                         wasmtime_module_t **module) {
  char text[4096];
  wasm_byte_vec_t binary;
  size_t length = write_between(text, sizeof text, is_shared);
  wasmtime_error_t *error = wasmtime_wat2wasm(text, length, &binary);
  if (error) return error;
  error = wasmtime_module_new(engine, (const uint8_t *)binary.data, binary.size,
                              module);
  wasm_byte_vec_delete(&binary);
  return error;
}

static wasmtime_error_t *make_between(wasmtime_caller_t *caller,
                                      const wasmtime_extern_t *memory) {
  wasmtime_extern_t imports[1 + CLI_WASI_CALLS];
  wasmtime_instance_t instance;
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  bool is_shared = memory->kind == WASMTIME_EXTERN_SHAREDMEMORY;
  wasmtime_error_t *error = compile_between(is_shared, &module);
  if (error) return error;
  imports[0] = *memory;
  memcpy(imports + 1, theirs, sizeof theirs);
  error = wasmtime_instance_new(context, module, imports, 1 + CLI_WASI_CALLS,
                                &instance, &trap);
  wasmtime_module_delete(module);
  for (int i = 0; !error && i < CLI_WASI_CALLS; i++) {
    wasmtime_extern_t item;
    const char *name = cli_wasi_calls[i].name;
    if (wasmtime_instance_export_get(context, &instance, name, strlen(name),
                                     &item))
      between[i] = item.of.func;
  }
  between_is_made = !error;
  return error;
}

/* Calls Wasmtime's own function. What it fails with is the guest's trap. */
static wasm_trap_t *pass(int which, wasmtime_caller_t *caller,
                         const wasmtime_extern_t *memory,
                         wasmtime_val_raw_t *values) {
  wasm_trap_t *trap = NULL;
  uint32_t arity = cli_wasi_calls[which].arity;
  wasmtime_error_t *error = NULL;
  if (!between_is_made) {
    __atomic_store_n(&store_changes, 1, __ATOMIC_RELEASE);
    error = make_between(caller, memory);
    __atomic_store_n(&store_changes, 0, __ATOMIC_RELEASE);
  }
  if (!error)
    error = wasmtime_func_call_unchecked(wasmtime_caller_context(caller),
                                         &between[which], values, arity, &trap);
  if (!error) return trap;
  wasm_message_t message;
  wasmtime_error_message(error, &message);
  trap = wasmtime_trap_new(message.data, message.size);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  return trap;
}

/* ---------------------------------------------------------------- our calls */

static bool memory_of(wasmtime_caller_t *caller, wasmtime_extern_t *item,
                      struct cli_memory *memory) {
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  if (!wasmtime_caller_export_get(caller, "memory", 6, item)) return false;
  if (item->kind == WASMTIME_EXTERN_MEMORY) {
    memory->base = wasmtime_memory_data(context, &item->of.memory);
    memory->length = wasmtime_memory_data_size(context, &item->of.memory);
    return true;
  }
  if (item->kind != WASMTIME_EXTERN_SHAREDMEMORY) return false;
  memory->base = wasmtime_sharedmemory_data(item->of.sharedmemory);
  memory->length = wasmtime_sharedmemory_data_size(item->of.sharedmemory);
  return true;
}

static wasm_trap_t *serve(void *which, wasmtime_caller_t *caller,
                          wasmtime_val_raw_t *values, size_t count) {
  static const char no_memory[] = "the guest exports no memory for WASI";
  const struct cli_wasi_call *call = which;
  uint32_t arguments[4] = {0};
  wasm_trap_t *trap = NULL;
  wasmtime_extern_t item;
  struct cli_memory memory;
  (void)count;
  if (!memory_of(caller, &item, &memory))
    return wasmtime_trap_new(no_memory, sizeof no_memory - 1);
  for (uint32_t i = 0; i < call->arity; i++)
    arguments[i] = (uint32_t)values[i].i32;
  int32_t answer = call->serve(&memory, arguments);
  if (answer == CLI_WASI_PASS) {
    trap = pass((int)(call - cli_wasi_calls), caller, &item, values);
    if (!trap && values[0].i32 == 0 && call->after) call->after(arguments);
  } else {
    values[0].i32 = answer;
  }
  wasmtime_extern_delete(&item);
  if (tracked->instance) wasmsig_wasmtime_sync(tracked);
  return trap;
}

/* proc_exit(status): ends the call by a trap that went_well knows. */
static wasm_trap_t *serve_exit(void *unused, wasmtime_caller_t *caller,
                               wasmtime_val_raw_t *values, size_t count) {
  static const char text[] = "exit";
  (void)unused, (void)caller, (void)count;
  cli_wasi_exit((uint32_t)values[0].i32);
  return wasmtime_trap_new(text, sizeof text - 1);
}

static wasm_functype_t *type_of(uint32_t arity, size_t results_count) {
  wasm_valtype_t *i32s[4];
  wasm_valtype_t *i32 = wasm_valtype_new_i32();
  wasm_valtype_vec_t parameters_of, results;
  for (uint32_t i = 0; i < arity; i++) i32s[i] = wasm_valtype_new_i32();
  wasm_valtype_vec_new(&parameters_of, arity, i32s);
  if (results_count > 0)
    wasm_valtype_vec_new(&results, 1, &i32);
  else
    wasm_valtype_vec_new_empty(&results);
  if (results_count == 0) wasm_valtype_delete(i32);
  return wasm_functype_new(&parameters_of, &results);
}

static wasmtime_error_t *shadow_exit(wasmtime_linker_t *linker) {
  static const char module[] = CLI_WASI_MODULE, name[] = "proc_exit";
  wasm_functype_t *type = type_of(1, 0);
  wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
      linker, module, sizeof module - 1, name, sizeof name - 1, type,
      serve_exit, NULL, NULL);
  wasm_functype_delete(type);
  return error;
}

static wasmtime_error_t *shadow(wasmtime_linker_t *linker,
                                wasmtime_context_t *context, int which) {
  const struct cli_wasi_call *call = &cli_wasi_calls[which];
  static const char module[] = CLI_WASI_MODULE;
  size_t length = sizeof module - 1;
  if (!wasmtime_linker_get(linker, context, module, length, call->name,
                           strlen(call->name), &theirs[which]))
    return wasmtime_error_new("this Wasmtime lacks a function of WASI");
  wasm_functype_t *type = type_of(call->arity, 1);
  wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
      linker, module, length, call->name, strlen(call->name), type, serve,
      (void *)(uintptr_t)call, NULL);
  wasm_functype_delete(type);
  return error;
}

wasmtime_error_t *cli_wasmtime_wasi(wasm_engine_t *of,
                                    wasmtime_linker_t *linker,
                                    wasmtime_context_t *context,
                                    const struct cli_job *job,
                                    const wasmsig_wasmtime_tracked *synced) {
  tracked = synced;
  engine = of;
  wasmtime_error_t *error = configure(context, job->options);
  if (!error) error = wasmtime_linker_define_wasi(linker);
  wasmtime_linker_allow_shadowing(linker, true);
  for (int i = 0; !error && i < CLI_WASI_CALLS; i++)
    error = shadow(linker, context, i);
  return error ? error : shadow_exit(linker);
}
