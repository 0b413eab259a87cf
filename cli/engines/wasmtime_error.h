/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wasmtime's errors and traps as results of a run. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_ERROR_H
#define WASMSIG_CLI_ENGINES_WASMTIME_ERROR_H

#include "engines/engine.h"

#include <wasmtime.h>

/* Sets the outcome, and releases error and trap. True: there was neither. */
bool cli_wasmtime_succeeded(struct cli_result *result, wasmtime_error_t *error,
                            wasm_trap_t *trap);

/* Sets the outcome of a call, in which every error is a trap of the guest, and
 * releases the error. */
void cli_wasmtime_set_trap(struct cli_result *result, wasmtime_error_t *error);

/* CLI_REFUSED with the error's message; releases it. Always returns false. */
bool cli_wasmtime_refuse(struct cli_result *result, wasmtime_error_t *error);

#endif
