/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a component can import: WASI 0.2 with wasi:http, and wasmsig:signals
 * (wit/). */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_LINKER_H
#define WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_LINKER_H

#include <stdbool.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

struct cli_component_linker {
  wasmtime_component_linker_t *linker;
  wasmtime_context_t *context;
  bool sends_http;  /* by wasi:http */
  bool has_http;    /* the component imports wasi:http */
  bool has_signals; /* the component imports wasmsig:signals */
};

/* Never closed: the end of the process releases it. `context` has WASI. */
wasmtime_error_t *cli_component_linker_open(
    struct cli_component_linker *linker, const wasm_engine_t *engine,
    wasmtime_context_t *context, const wasmtime_component_type_t *type,
    bool sends_http);

#endif
