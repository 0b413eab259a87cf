/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* WASI for a guest in Wasmtime: its own, but for the calls of wasi.h. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_WASI_H
#define WASMSIG_CLI_ENGINES_WASMTIME_WASI_H

#include "engines/engine.h"
#include "wasmsig/wasmtime.h"

/**
 * Gives the store its WASI and defines the functions in the linker.
 *
 * tracked:   filled in later; synced at each call that may block
 */
wasmtime_error_t *cli_wasmtime_wasi(wasm_engine_t *engine,
                                    wasmtime_linker_t *linker,
                                    wasmtime_context_t *context,
                                    const struct cli_job *job,
                                    const wasmsig_wasmtime_tracked *tracked);

#endif
