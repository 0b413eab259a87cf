/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wamr_invoke.h"

#include "engines/invocation.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ values */

static void to_wamr(const struct cli_value *value, wasm_val_t *to) {
  switch (value->kind) {
    case CLI_I32:
      to->kind = WASM_I32;
      to->of.i32 = value->of.i32;
      break;
    case CLI_I64:
      to->kind = WASM_I64;
      to->of.i64 = value->of.i64;
      break;
    case CLI_F32:
      to->kind = WASM_F32;
      to->of.f32 = value->of.f32;
      break;
    default: to->kind = WASM_F64; to->of.f64 = value->of.f64;
  }
}

/* The kind is known: it is that of the function's type. */
static void from_wamr(const wasm_val_t *value, struct cli_value *to) {
  switch (to->kind) {
    case CLI_I32: to->of.i32 = value->of.i32; break;
    case CLI_I64: to->of.i64 = value->of.i64; break;
    case CLI_F32: to->of.f32 = value->of.f32; break;
    default: to->of.f64 = value->of.f64;
  }
}

/* ------------------------------------------------------------------- calls */

/* WAMR itself calls `_initialize` when it instantiates a module that imports a
 * function of WASI (core/iwasm/interpreter/wasm_runtime.c,
 * execute_post_instantiate_functions). */
static bool is_initialized(wasm_module_t module) {
  int32_t count = wasm_runtime_get_import_count(module);
  for (int32_t i = 0; i < count; i++) {
    wasm_import_t import;
    wasm_runtime_get_import_type(module, i, &import);
    if (import.kind == WASM_IMPORT_EXPORT_KIND_FUNC &&
        (strcmp(import.module_name, "wasi_snapshot_preview1") == 0 ||
         strcmp(import.module_name, "wasi_unstable") == 0))
      return true;
  }
  return false;
}

static bool initialize(wasm_module_inst_t instance, wasm_exec_env_t exec_env) {
  wasm_function_inst_t function =
      wasm_runtime_lookup_function(instance, CLI_INITIALIZE);
  return !function || wasm_runtime_call_wasm(exec_env, function, 0, NULL);
}

static void call(struct cli_invocation *invocation, wasm_exec_env_t exec_env,
                 wasm_function_inst_t function, wasm_val_t *in,
                 wasm_val_t *out) {
  for (size_t i = 0; i < invocation->word_count; i++)
    to_wamr(&invocation->parameters[i], &in[i]);
  invocation->has_returned = wasm_runtime_call_wasm_a(
      exec_env, function, (uint32_t)invocation->result_count, out,
      (uint32_t)invocation->word_count, in);
  for (size_t i = 0; invocation->has_returned && i < invocation->result_count;
       i++)
    from_wamr(&out[i], &invocation->results[i]);
}

void cli_wamr_invoke(struct cli_invocation *invocation, wasm_module_t module,
                     wasm_module_inst_t instance, wasm_exec_env_t exec_env,
                     struct cli_result *result) {
  bool is_first = strcmp(invocation->name, CLI_INITIALIZE) == 0;
  bool is_done = is_initialized(module);
  invocation->has_returned = is_first && is_done;
  if (invocation->has_returned) return;
  if (!is_first && !is_done && !initialize(instance, exec_env)) return;
  wasm_val_t *in = calloc(invocation->word_count + 1, sizeof *in);
  wasm_val_t *out = calloc(invocation->result_count + 1, sizeof *out);
  if (in && out)
    call(invocation, exec_env,
         wasm_runtime_lookup_function(instance, invocation->name), in, out);
  else
    cli_result_refuse(result, "out of memory");
  free(in);
  free(out);
}
