/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Modules for Wasmtime: compiled now, or loaded from a file. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_MODULE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_MODULE_H

#include "engines/engine.h"

#include <wasmtime.h>

/* Loads the job's compiled file, if it has one. Otherwise looks into the cache,
 * if the job uses it, and stores what it compiles. */
wasmtime_error_t *cli_wasmtime_module(wasm_engine_t *engine,
                                      const struct cli_job *job,
                                      wasmtime_module_t **module);

/* Compiles a module. The code is released when the process ends. False: the
 * result says why. */
bool cli_wasmtime_compile(struct cli_bytes module, struct cli_bytes *code,
                          struct cli_result *result);

#endif
