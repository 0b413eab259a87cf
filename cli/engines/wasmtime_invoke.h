/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* --invoke in Wasmtime. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_INVOKE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_INVOKE_H

#include "engines/engine.h"

#include <wasmtime.h>

/* Calls `_initialize`, if there is one, and then the function. */
void cli_wasmtime_invoke(struct cli_invocation *invocation,
                         wasmtime_context_t *context,
                         const wasmtime_instance_t *instance,
                         struct cli_result *result);

#endif
