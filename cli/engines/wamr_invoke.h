/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* --invoke in WAMR. */
#ifndef WASMSIG_CLI_ENGINES_WAMR_INVOKE_H
#define WASMSIG_CLI_ENGINES_WAMR_INVOKE_H

#include "engines/engine.h"

#include <wasm_export.h>

/* Calls `_initialize`, if there is one, and then the function. The instance
 * has an exception if one of them failed. */
void cli_wamr_invoke(struct cli_invocation *invocation, wasm_module_t module,
                     wasm_module_inst_t instance, wasm_exec_env_t exec_env,
                     struct cli_result *result);

#endif
