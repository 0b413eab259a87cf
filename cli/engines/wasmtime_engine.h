/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wasmtime's engine, as all of the command uses it. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_ENGINE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_ENGINE_H

#include "engines/engine.h"

#include <wasmtime.h>

/* NULL: the result says why. Released when the process ends. */
wasm_engine_t *cli_wasmtime_start(bool has_folders, struct cli_result *result);

/* A text that differs if code that is compiled with the engine differs. */
const char *cli_wasmtime_settings(void);

/* The limit of --max-memory, of each memory and of each table. */
void cli_wasmtime_limit_memory(wasmtime_store_t *store, uint64_t most_bytes);

#endif
