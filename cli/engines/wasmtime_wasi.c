/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Our functions shadow some of Wasmtime's: those of wasi/wasi.h, which may
 * block, and those of files, whose error codes are corrected here. Calls that
 * we do not serve go on to Wasmtime's (wasmtime_trampoline.h).
 */
#include "engines/wasmtime_wasi.h"

#include "engines/wasmtime_readdir.h"
#include "engines/wasmtime_trampoline.h"
#include "process/clock.h"
#include "wasi/poll.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const wasmsig_wasmtime_tracked *tracked;

/* ------------------------------------------------------------ configuration */

static wasmtime_error_t *add_folders(wasi_config_t *config,
                                     const struct cli_wasi_setup *setup) {
  char text[512];
  for (size_t i = 0; i < setup->folder_count; i++) {
    const struct cli_folder *folder = &setup->folders[i];
    if (wasi_config_preopen_dir(config, folder->host, folder->guest,
                                !folder->is_read_only))
      continue;
    /* It does not say why. A second attempt does. */
    int tried = open(folder->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(text, sizeof text, "--dir: %s: %s", folder->host,
             tried < 0 ? strerror(errno) : "it cannot be opened");
    if (tried >= 0) close(tried);
    return wasmtime_error_new(text);
  }
  return NULL;
}

wasmtime_error_t *cli_wasmtime_wasi_configure(
    wasmtime_context_t *context, const struct cli_wasi_setup *setup) {
  /* Wasmtime starts the guest's monotonic clock here. */
  cli_poll_set_monotonic_origin(cli_now_ns(CLOCK_MONOTONIC));
  wasi_config_t *config = wasi_config_new();
  bool is_utf8 = wasi_config_set_argv(config, (size_t)setup->argument_count,
                                      (const char **)setup->arguments) &&
                 wasi_config_set_env(config, setup->variable_count,
                                     setup->names, setup->values);
  wasmtime_error_t *error =
      is_utf8 ? add_folders(config, setup)
              : wasmtime_error_new("arguments and environment must be UTF-8");
  wasi_config_inherit_stdin(config);
  wasi_config_inherit_stdout(config);
  wasi_config_inherit_stderr(config);
  if (!error) return wasmtime_context_set_wasi(context, config);
  wasi_config_delete(config);
  return error;
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

/* Wasmtime reports an I/O error when file descriptors run out. Finds out
 * whether they have by opening one. */
static int32_t correct_errno(int32_t error) {
  if (error != CLI_WASI_EIO) return error;
  int tried = open("/", O_PATH | O_CLOEXEC);
  int reason = tried < 0 ? errno : EIO;
  if (tried >= 0) close(tried);
  return reason == EMFILE || reason == ENFILE ? cli_wasi_errno(reason)
                                              : CLI_WASI_EIO;
}

static wasm_trap_t *call_wasmtime(const char *name, wasmtime_caller_t *caller,
                                  const wasmtime_extern_t *memory,
                                  wasmtime_val_raw_t *values) {
  return cli_trampoline_call(cli_shadowed_index(name),
                             wasmtime_caller_context(caller), memory, values);
}

/* The guest may reuse a descriptor's number from now on. */
static void forget_folders(const struct cli_wasi_call *call,
                           const uint32_t *arguments) {
  if (call->after)
    for (uint32_t i = 0; i < call->arity; i++) cli_readdir_forget(arguments[i]);
}

static wasm_trap_t *serve_call(const struct cli_wasi_call *call,
                               wasmtime_caller_t *caller,
                               wasmtime_extern_t *item,
                               const struct cli_memory *memory,
                               wasmtime_val_raw_t *values) {
  uint32_t arguments[4] = {0};
  for (uint32_t i = 0; i < call->arity; i++)
    arguments[i] = (uint32_t)values[i].i32;
  int32_t error = call->serve(memory, arguments);
  if (error != CLI_WASI_PASS) {
    values[0].i32 = error;
    return NULL;
  }
  wasm_trap_t *trap = call_wasmtime(call->name, caller, item, values);
  if (!trap && values[0].i32 == 0 && call->after) call->after(arguments);
  forget_folders(call, arguments);
  return trap;
}

static wasm_trap_t *serve_file(const struct cli_shadowed *shadowed,
                               wasmtime_caller_t *caller,
                               wasmtime_extern_t *item,
                               const struct cli_memory *memory,
                               wasmtime_val_raw_t *values) {
  bool is_folder = strcmp(shadowed->name, "fd_readdir") == 0;
  wasm_trap_t *trap = NULL;
  int32_t error =
      is_folder ? cli_readdir(wasmtime_caller_context(caller), memory, values)
                : CLI_WASI_PASS;
  if (error == CLI_WASI_PASS)
    trap = call_wasmtime(shadowed->name, caller, item, values);
  else
    values[0].i32 = error;
  if (!trap) values[0].i32 = correct_errno(values[0].i32);
  return trap;
}

static const struct cli_wasi_call *find_call(const char *name) {
  for (int i = 0; i < CLI_WASI_CALLS; i++)
    if (strcmp(cli_wasi_calls[i].name, name) == 0) return &cli_wasi_calls[i];
  return NULL;
}

static wasm_trap_t *serve(void *which, wasmtime_caller_t *caller,
                          wasmtime_val_raw_t *values, size_t count) {
  static const char no_memory[] = "the guest exports no memory for WASI";
  const struct cli_shadowed *shadowed = which;
  const struct cli_wasi_call *call = find_call(shadowed->name);
  wasmtime_extern_t item;
  struct cli_memory memory;
  (void)count;
  if (!memory_of(caller, &item, &memory))
    return wasmtime_trap_new(no_memory, sizeof no_memory - 1);
  wasm_trap_t *trap =
      call ? serve_call(call, caller, &item, &memory, values)
           : serve_file(shadowed, caller, &item, &memory, values);
  wasmtime_extern_delete(&item);
  if (tracked->instance) wasmsig_wasmtime_sync(tracked);
  return trap;
}

/* proc_exit(status): ends the call by a trap that wasmtime.c recognises. */
static wasm_trap_t *serve_exit(void *unused, wasmtime_caller_t *caller,
                               wasmtime_val_raw_t *values, size_t count) {
  static const char text[] = "exit";
  (void)unused, (void)caller, (void)count;
  cli_wasi_exit((uint32_t)values[0].i32);
  return wasmtime_trap_new(text, sizeof text - 1);
}

/* -------------------------------------------------------------- the linker */

static wasm_functype_t *type_of(const char *parameters, bool has_result) {
  wasm_valtype_t *types[CLI_SHADOWED_MOST_PARAMETERS];
  wasm_valtype_vec_t parameters_of, results;
  size_t count = strlen(parameters);
  for (size_t i = 0; i < count; i++)
    types[i] =
        parameters[i] == 'j' ? wasm_valtype_new_i64() : wasm_valtype_new_i32();
  wasm_valtype_vec_new(&parameters_of, count, types);
  wasm_valtype_vec_new_empty(&results);
  if (has_result) {
    wasm_valtype_t *i32 = wasm_valtype_new_i32();
    wasm_valtype_vec_new(&results, 1, &i32);
  }
  return wasm_functype_new(&parameters_of, &results);
}

static wasmtime_error_t *shadow(wasmtime_linker_t *linker, const char *name,
                                wasm_functype_t *type,
                                wasmtime_func_unchecked_callback_t serves,
                                const void *which) {
  static const char module[] = CLI_WASI_MODULE;
  wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
      linker, module, sizeof module - 1, name, strlen(name), type, serves,
      (void *)(uintptr_t)which, NULL);
  wasm_functype_delete(type);
  return error;
}

static wasmtime_error_t *shadow_all(wasmtime_linker_t *linker) {
  wasmtime_error_t *error =
      shadow(linker, "proc_exit", type_of("i", false), serve_exit, NULL);
  for (int i = 0; !error && i < CLI_SHADOWED; i++)
    error = shadow(linker, cli_shadowed[i].name,
                   type_of(cli_shadowed[i].parameters, true), serve,
                   &cli_shadowed[i]);
  return error;
}

wasmtime_error_t *cli_wasmtime_wasi_define(
    wasm_engine_t *engine, wasmtime_linker_t *linker,
    wasmtime_context_t *context, const struct cli_wasi_setup *setup,
    const wasmsig_wasmtime_tracked *to_sync) {
  tracked = to_sync;
  wasmtime_error_t *error = cli_wasmtime_wasi_configure(context, setup);
  if (!error) error = wasmtime_linker_define_wasi(linker);
  if (error) return error;
  wasmtime_linker_allow_shadowing(linker, true);
  return cli_trampoline_prepare(engine, linker, context)
             ? shadow_all(linker)
             : wasmtime_error_new("this Wasmtime lacks a function of WASI");
}
