/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Our functions shadow some of Wasmtime's: those of wasi.h, which may block,
 * and those of files whose answers need mending. What is not ours is passed on
 * (see wasmtime_between.h).
 */
#include "engines/wasmtime_wasi.h"

#include "clock.h"
#include "engines/wasmtime_readdir.h"
#include "engines/wasmtime_trampoline.h"
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
                                     const struct cli_options *options) {
  char text[512];
  for (size_t i = 0; i < options->folder_count; i++) {
    const struct cli_folder *folder = &options->folders[i];
    if (wasi_config_preopen_dir(config, folder->host, folder->guest, true))
      continue;
    /* It does not say why: trying again does. */
    int tried = open(folder->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(text, sizeof text, "--dir: %s: %s", folder->host,
             tried < 0 ? strerror(errno) : "it cannot be opened");
    if (tried >= 0) close(tried);
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

/* What the system says when descriptors run out, which Wasmtime calls an I/O
 * error: whether it is that is tried. */
static int32_t mended(int32_t answer) {
  enum { WASI_EIO = 29, WASI_EMFILE = 33, WASI_ENFILE = 41 };
  if (answer != WASI_EIO) return answer;
  int tried = open("/", O_PATH | O_CLOEXEC);
  int error = errno;
  if (tried >= 0) close(tried);
  return tried >= 0        ? WASI_EIO
         : error == EMFILE ? WASI_EMFILE
         : error == ENFILE ? WASI_ENFILE
                           : WASI_EIO;
}

static wasm_trap_t *pass(const char *name, wasmtime_caller_t *caller,
                         const wasmtime_extern_t *memory,
                         wasmtime_val_raw_t *values) {
  return cli_between_pass(cli_shadowed_named(name),
                          wasmtime_caller_context(caller), memory, values);
}

/* A number of the guest's may be another file's from now on. */
static void forget_folders(const struct cli_wasi_call *call,
                           const uint32_t *arguments) {
  if (call->after)
    for (uint32_t i = 0; i < call->arity; i++) cli_folders_forget(arguments[i]);
}

static wasm_trap_t *serve_call(const struct cli_wasi_call *call,
                               wasmtime_caller_t *caller,
                               wasmtime_extern_t *item,
                               const struct cli_memory *memory,
                               wasmtime_val_raw_t *values) {
  uint32_t arguments[4] = {0};
  for (uint32_t i = 0; i < call->arity; i++)
    arguments[i] = (uint32_t)values[i].i32;
  int32_t answer = call->serve(memory, arguments);
  if (answer != CLI_WASI_PASS) {
    values[0].i32 = answer;
    return NULL;
  }
  wasm_trap_t *trap = pass(call->name, caller, item, values);
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
  int32_t answer = is_folder ? cli_folders_read(wasmtime_caller_context(caller),
                                                memory, values)
                             : CLI_WASI_PASS;
  if (answer == CLI_WASI_PASS)
    trap = pass(shadowed->name, caller, item, values);
  else
    values[0].i32 = answer;
  if (!trap) values[0].i32 = mended(values[0].i32);
  return trap;
}

static const struct cli_wasi_call *call_named(const char *name) {
  for (int i = 0; i < CLI_WASI_CALLS; i++)
    if (strcmp(cli_wasi_calls[i].name, name) == 0) return &cli_wasi_calls[i];
  return NULL;
}

static wasm_trap_t *serve(void *which, wasmtime_caller_t *caller,
                          wasmtime_val_raw_t *values, size_t count) {
  static const char no_memory[] = "the guest exports no memory for WASI";
  const struct cli_shadowed *shadowed = which;
  const struct cli_wasi_call *call = call_named(shadowed->name);
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

/* proc_exit(status): ends the call by a trap that went_well knows. */
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

wasmtime_error_t *cli_wasmtime_wasi(wasm_engine_t *engine,
                                    wasmtime_linker_t *linker,
                                    wasmtime_context_t *context,
                                    const struct cli_job *job,
                                    const wasmsig_wasmtime_tracked *synced) {
  tracked = synced;
  wasmtime_error_t *error = configure(context, job->options);
  if (!error) error = wasmtime_linker_define_wasi(linker);
  if (error) return error;
  wasmtime_linker_allow_shadowing(linker, true);
  return cli_between_open(engine, linker, context)
             ? shadow_all(linker)
             : wasmtime_error_new("this Wasmtime lacks a function of WASI");
}
