/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_trampoline.h"

#include "wasi/wasi.h"

#include <stdio.h>
#include <string.h>

/* wasi_snapshot_preview1.witx */
const struct cli_shadowed cli_shadowed[CLI_SHADOWED] = {
    {"fd_close", "i"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiji"},
    {"fd_renumber", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiijji"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiijjii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
};

static wasm_engine_t *engine;
static wasmtime_extern_t targets[CLI_SHADOWED];
static wasmtime_func_t trampolines[CLI_SHADOWED];
static bool is_created;
static int store_is_changing; /* atomic */

int cli_shadowed_index(const char *name) {
  int i = 0;
  while (strcmp(cli_shadowed[i].name, name) != 0) i++;
  return i;
}

bool cli_trampoline_prepare(wasm_engine_t *of, wasmtime_linker_t *linker,
                            wasmtime_context_t *context) {
  engine = of;
  for (int i = 0; i < CLI_SHADOWED; i++) {
    const char *name = cli_shadowed[i].name;
    if (!wasmtime_linker_get(linker, context, CLI_WASI_MODULE,
                             sizeof CLI_WASI_MODULE - 1, name, strlen(name),
                             &targets[i]))
      return false;
  }
  return true;
}

wasmtime_extern_t cli_trampoline_target(int index) { return targets[index]; }

bool cli_store_is_changing(void) {
  return __atomic_load_n(&store_is_changing, __ATOMIC_ACQUIRE) != 0;
}

/* ---------------------------------------------------- changes of the store */

static wasmtime_error_t *compile(const char *text, wasmtime_module_t **module) {
  wasm_byte_vec_t binary;
  wasmtime_error_t *error = wasmtime_wat2wasm(text, strlen(text), &binary);
  if (error) return error;
  error = wasmtime_module_new(engine, (const uint8_t *)binary.data, binary.size,
                              module);
  wasm_byte_vec_delete(&binary);
  return error;
}

/* The modules have no start function: nothing traps. */
wasmtime_error_t *cli_store_add(wasmtime_context_t *context, const char *text,
                                const wasmtime_extern_t *imports, size_t count,
                                wasmtime_instance_t *instance) {
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = compile(text, &module);
  if (error) return error;
  __atomic_store_n(&store_is_changing, 1, __ATOMIC_RELEASE);
  error =
      wasmtime_instance_new(context, module, imports, count, instance, &trap);
  __atomic_store_n(&store_is_changing, 0, __ATOMIC_RELEASE);
  wasmtime_module_delete(module);
  return error;
}

wasmtime_extern_t cli_store_export(wasmtime_context_t *context,
                                   const wasmtime_instance_t *instance,
                                   const char *name) {
  wasmtime_extern_t item = {0};
  __atomic_store_n(&store_is_changing, 1, __ATOMIC_RELEASE);
  wasmtime_instance_export_get(context, instance, name, strlen(name), &item);
  __atomic_store_n(&store_is_changing, 0, __ATOMIC_RELEASE);
  return item;
}

/* --------------------------------------------------------------- the module */

struct text {
  char bytes[12288];
  size_t length;
};

static void add(struct text *text, const char *string) {
  size_t length = strlen(string);
  if (length >= sizeof text->bytes - text->length)
    return; /* then it is no valid module */
  memcpy(text->bytes + text->length, string, length + 1);
  text->length += length;
}

static void add_parameters(struct text *text, const char *parameters) {
  add(text, "(param");
  for (; *parameters; parameters++)
    add(text, *parameters == 'j' ? " i64" : " i32");
  add(text, ") (result i32)");
}

static void add_import(struct text *text, int index) {
  char name[40];
  snprintf(name, sizeof name, "(import \"\" \"\" (func $%d", index);
  add(text, name);
  add_parameters(text, cli_shadowed[index].parameters);
  add(text, "))");
}

static void add_function(struct text *text, int index) {
  const struct cli_shadowed *shadowed = &cli_shadowed[index];
  char part[32];
  add(text, "(func (export \"");
  add(text, shadowed->name);
  add(text, "\")");
  add_parameters(text, shadowed->parameters);
  for (size_t i = 0; i < strlen(shadowed->parameters); i++) {
    snprintf(part, sizeof part, "local.get %zu ", i);
    add(text, part);
  }
  snprintf(part, sizeof part, "call $%d)", index);
  add(text, part);
}

/* Its imports are the memory and then the functions. */
static const char *write_module(bool is_shared) {
  static struct text text; /* the guest may have used up the stack */
  add(&text, "(module (import \"\" \"\" (memory ");
  add(&text, is_shared ? "0 65536 shared))" : "0))");
  for (int i = 0; i < CLI_SHADOWED; i++) add_import(&text, i);
  add(&text, "(export \"memory\" (memory 0))");
  for (int i = 0; i < CLI_SHADOWED; i++) add_function(&text, i);
  add(&text, ")");
  return text.bytes;
}

static wasmtime_error_t *create(wasmtime_context_t *context,
                                const wasmtime_extern_t *memory) {
  wasmtime_extern_t imports[1 + CLI_SHADOWED];
  wasmtime_instance_t instance;
  bool is_shared = memory->kind == WASMTIME_EXTERN_SHAREDMEMORY;
  imports[0] = *memory;
  memcpy(imports + 1, targets, sizeof targets);
  wasmtime_error_t *error = cli_store_add(context, write_module(is_shared),
                                          imports, 1 + CLI_SHADOWED, &instance);
  for (int i = 0; !error && i < CLI_SHADOWED; i++)
    trampolines[i] =
        cli_store_export(context, &instance, cli_shadowed[i].name).of.func;
  is_created = !error;
  return error;
}

/* -------------------------------------------------------------------- calls */

static wasm_trap_t *trap_of(wasmtime_error_t *error) {
  wasm_message_t message;
  wasmtime_error_message(error, &message);
  wasm_trap_t *trap = wasmtime_trap_new(message.data, message.size);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  return trap;
}

wasm_trap_t *cli_trampoline_call(int index, wasmtime_context_t *context,
                                 const wasmtime_extern_t *memory,
                                 wasmtime_val_raw_t *values) {
  wasm_trap_t *trap = NULL;
  size_t count = strlen(cli_shadowed[index].parameters);
  wasmtime_error_t *error = is_created ? NULL : create(context, memory);
  if (!error)
    error = wasmtime_func_call_unchecked(context, &trampolines[index], values,
                                         count, &trap);
  return error ? trap_of(error) : trap;
}
