/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_component_http.h"

wasmtime_error_t *cli_component_http_define(wasmtime_component_linker_t *linker,
                                            wasmtime_context_t *context) {
#ifdef WASMTIME_FEATURE_WASI_HTTP
  wasmtime_context_set_wasi_http(context);
  return wasmtime_component_linker_add_wasi_http(linker);
#else
  (void)linker, (void)context;
  return NULL;
#endif
}

wasmtime_error_t *cli_component_http_deny(
    void *unused, wasmtime_context_t *context,
    const wasmtime_component_func_type_t *type,
    wasmtime_component_val_t *arguments, size_t argument_count,
    wasmtime_component_val_t *results, size_t result_count) {
  wasmtime_component_val_t code = {.kind = WASMTIME_COMPONENT_VARIANT};
  (void)unused, (void)context, (void)type, (void)arguments;
  (void)argument_count, (void)result_count;
  wasm_name_new_from_string(&code.of.variant.discriminant,
                            "HTTP-request-denied");
  results[0] = (wasmtime_component_val_t){
      .kind = WASMTIME_COMPONENT_RESULT,
      .of.result = {.is_ok = false, .val = wasmtime_component_val_new(&code)}};
  return NULL;
}
