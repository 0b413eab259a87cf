/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_component_linker.h"

#include "engines/wasmtime_component_http.h"
#include "engines/wasmtime_component_signals.h"
#include "wasi/wasi.h"

#include <string.h>

#define EXIT_INTERFACE "wasi:cli/exit@0.2."

struct name {
  const char *start;
  size_t length;
};

struct function {
  const char *name;
  wasmtime_component_func_callback_t serve;
};

/* --------------------------------------------------------------------- exit */

/* Ends the call by an error that wasmtime_error.c recognises. */
static wasmtime_error_t *end(uint32_t status) {
  cli_wasi_exit(status);
  return wasmtime_error_new("exit");
}

static wasmtime_error_t *serve_exit(void *unused, wasmtime_context_t *context,
                                    const wasmtime_component_func_type_t *type,
                                    wasmtime_component_val_t *arguments,
                                    size_t argument_count,
                                    wasmtime_component_val_t *results,
                                    size_t result_count) {
  (void)unused, (void)context, (void)type, (void)argument_count;
  (void)results, (void)result_count;
  return end(arguments[0].of.result.is_ok ? 0 : 1);
}

static wasmtime_error_t *serve_exit_with_code(
    void *unused, wasmtime_context_t *context,
    const wasmtime_component_func_type_t *type,
    wasmtime_component_val_t *arguments, size_t argument_count,
    wasmtime_component_val_t *results, size_t result_count) {
  (void)unused, (void)context, (void)type, (void)argument_count;
  (void)results, (void)result_count;
  return end(arguments[0].of.u8);
}

/* Wasmtime's API in C leaves out exit-with-code, so both are ours. */
static const struct function exit_functions[] = {
    {"exit", serve_exit}, {"exit-with-code", serve_exit_with_code}};

static const struct function signal_functions[] = {
    {"take", cli_component_signals_take}};

static const struct function denied_functions[] = {
    {"handle", cli_component_http_deny}};

/* -------------------------------------------------------------- definitions */

static wasmtime_error_t *define_functions(
    wasmtime_component_linker_instance_t *instance,
    const struct function *functions, size_t count) {
  wasmtime_error_t *error = NULL;
  for (size_t i = 0; !error && i < count; i++)
    error = wasmtime_component_linker_instance_add_func(
        instance, functions[i].name, strlen(functions[i].name),
        functions[i].serve, NULL, NULL);
  return error;
}

static wasmtime_error_t *define(wasmtime_component_linker_t *linker,
                                struct name name,
                                const struct function *functions,
                                size_t count) {
  wasmtime_component_linker_instance_t *instance = NULL;
  wasmtime_component_linker_instance_t *root =
      wasmtime_component_linker_root(linker);
  wasmtime_error_t *error = wasmtime_component_linker_instance_add_instance(
      root, name.start, name.length, &instance);
  if (!error) error = define_functions(instance, functions, count);
  if (instance) wasmtime_component_linker_instance_delete(instance);
  wasmtime_component_linker_instance_delete(root);
  return error;
}

/* ------------------------------------------------------------------ imports */

static bool starts_with(struct name name, const char *prefix) {
  size_t length = strlen(prefix);
  return name.length >= length && memcmp(name.start, prefix, length) == 0;
}

/* Other components do not start its threads. */
static wasmtime_error_t *define_http(struct cli_component_linker *linker,
                                     struct name name) {
  wasmtime_error_t *error = NULL;
  if (!linker->has_http)
    error = cli_component_http_define(linker->linker, linker->context);
  linker->has_http = true;
  if (error || linker->sends_http ||
      !starts_with(name, CLI_COMPONENT_HTTP_HANDLER))
    return error;
  return define(linker->linker, name, denied_functions, 1);
}

static wasmtime_error_t *define_import(struct cli_component_linker *linker,
                                       struct name name) {
  if (starts_with(name, EXIT_INTERFACE))
    return define(linker->linker, name, exit_functions,
                  sizeof exit_functions / sizeof *exit_functions);
  if (starts_with(name, CLI_COMPONENT_HTTP)) return define_http(linker, name);
  if (!starts_with(name, CLI_COMPONENT_SIGNALS)) return NULL;
  linker->has_signals = true;
  return define(linker->linker, name, signal_functions, 1);
}

static wasmtime_error_t *define_imports(struct cli_component_linker *linker,
                                        const wasm_engine_t *engine,
                                        const wasmtime_component_type_t *type) {
  size_t count = wasmtime_component_type_import_count(type, engine);
  wasmtime_error_t *error = NULL;
  for (size_t i = 0; !error && i < count; i++) {
    struct name name;
    wasmtime_component_extern_t *item;
    if (!wasmtime_component_type_import_nth(type, engine, i, &name.start,
                                            &name.length, &item))
      continue;
    wasmtime_component_extern_delete(item);
    error = define_import(linker, name);
  }
  return error;
}

wasmtime_error_t *cli_component_linker_open(
    struct cli_component_linker *linker, const wasm_engine_t *engine,
    wasmtime_context_t *context, const wasmtime_component_type_t *type,
    bool sends_http) {
  *linker = (struct cli_component_linker){
      .linker = wasmtime_component_linker_new(engine),
      .context = context,
      .sends_http = sends_http};
  wasmtime_error_t *error =
      wasmtime_component_linker_add_wasip2(linker->linker);
  if (error) return error;
  wasmtime_component_linker_allow_shadowing(linker->linker, true);
  return define_imports(linker, engine, type);
}
