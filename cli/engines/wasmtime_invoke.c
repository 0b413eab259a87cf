/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_invoke.h"

#include "engines/invocation.h"
#include "engines/wasmtime_error.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ values */

static void to_wasmtime(const struct cli_value *value, wasmtime_val_t *to) {
  switch (value->kind) {
    case CLI_I32:
      to->kind = WASMTIME_I32;
      to->of.i32 = value->of.i32;
      break;
    case CLI_I64:
      to->kind = WASMTIME_I64;
      to->of.i64 = value->of.i64;
      break;
    case CLI_F32:
      to->kind = WASMTIME_F32;
      to->of.f32 = value->of.f32;
      break;
    default: to->kind = WASMTIME_F64; to->of.f64 = value->of.f64;
  }
}

/* The kind is known: it is that of the function's type. */
static void from_wasmtime(const wasmtime_val_t *value, struct cli_value *to) {
  switch (to->kind) {
    case CLI_I32: to->of.i32 = value->of.i32; break;
    case CLI_I64: to->of.i64 = value->of.i64; break;
    case CLI_F32: to->of.f32 = value->of.f32; break;
    default: to->of.f64 = value->of.f64;
  }
}

/* ------------------------------------------------------------------- calls */

static bool find(wasmtime_context_t *context,
                 const wasmtime_instance_t *instance, const char *name,
                 wasmtime_extern_t *found) {
  return wasmtime_instance_export_get(context, instance, name, strlen(name),
                                      found) &&
         found->kind == WASMTIME_EXTERN_FUNC;
}

static bool initialize(wasmtime_context_t *context,
                       const wasmtime_instance_t *instance,
                       struct cli_result *result) {
  wasmtime_extern_t item;
  wasm_trap_t *trap = NULL;
  if (!find(context, instance, CLI_INITIALIZE, &item)) return true;
  wasmtime_error_t *error =
      wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap);
  return cli_wasmtime_succeeded(result, error, trap);
}

static void call(struct cli_invocation *invocation, wasmtime_context_t *context,
                 const wasmtime_func_t *function, wasmtime_val_t *in,
                 wasmtime_val_t *out, struct cli_result *result) {
  wasm_trap_t *trap = NULL;
  for (size_t i = 0; i < invocation->word_count; i++)
    to_wasmtime(&invocation->parameters[i], &in[i]);
  wasmtime_error_t *error =
      wasmtime_func_call(context, function, in, invocation->word_count, out,
                         invocation->result_count, &trap);
  invocation->has_returned = cli_wasmtime_succeeded(result, error, trap);
  for (size_t i = 0; invocation->has_returned && i < invocation->result_count;
       i++)
    from_wasmtime(&out[i], &invocation->results[i]);
}

void cli_wasmtime_invoke(struct cli_invocation *invocation,
                         wasmtime_context_t *context,
                         const wasmtime_instance_t *instance,
                         struct cli_result *result) {
  wasmtime_extern_t item;
  if (strcmp(invocation->name, CLI_INITIALIZE) != 0 &&
      !initialize(context, instance, result))
    return;
  if (!find(context, instance, invocation->name, &item)) return;
  wasmtime_val_t *in = calloc(invocation->word_count + 1, sizeof *in);
  wasmtime_val_t *out = calloc(invocation->result_count + 1, sizeof *out);
  if (in && out)
    call(invocation, context, &item.of.func, in, out, result);
  else
    cli_result_refuse(result, "out of memory");
  free(in);
  free(out);
}
