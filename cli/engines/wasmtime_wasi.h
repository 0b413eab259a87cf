/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* WASI for a guest in Wasmtime: Wasmtime's own, except for the calls of
 * wasi/wasi.h. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_WASI_H
#define WASMSIG_CLI_ENGINES_WASMTIME_WASI_H

#include "engines/engine.h"
#include "wasmsig/wasmtime.h"

/* Configures WASI in the store: arguments, environment, folders, streams. */
wasmtime_error_t *cli_wasmtime_wasi_configure(
    wasmtime_context_t *context, const struct cli_wasi_setup *setup);

/**
 * Configures WASI in the store and defines its functions in the linker.
 *
 * tracked:   may be filled in later; synced after each call
 */
wasmtime_error_t *cli_wasmtime_wasi_define(
    wasm_engine_t *engine, wasmtime_linker_t *linker,
    wasmtime_context_t *context, const struct cli_wasi_setup *setup,
    const wasmsig_wasmtime_tracked *tracked);

#endif
