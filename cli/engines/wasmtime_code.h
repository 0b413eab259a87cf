/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Modules and components for Wasmtime: compiled now, or loaded from a file. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_CODE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_CODE_H

#include "engines/engine.h"

#include <wasmtime.h>
#include <wasmtime/component.h>

/* One of the two, by `is_component`. */
struct cli_wasmtime_code {
  bool is_component;
  wasmtime_module_t *module;
  wasmtime_component_t *component;
};

/* Loads the job's compiled file, if it has one. Otherwise looks into the cache,
 * if the job uses it, and stores what it compiles. */
wasmtime_error_t *cli_wasmtime_load(wasm_engine_t *engine,
                                    const struct cli_job *job,
                                    struct cli_wasmtime_code *code);

/* Compiles a module or a component. The result is released when the process
 * ends. False: the result says why. */
bool cli_wasmtime_compile(struct cli_bytes bytes, bool is_component,
                          struct cli_bytes *compiled,
                          struct cli_result *result);

#endif
