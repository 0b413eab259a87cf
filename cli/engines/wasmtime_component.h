/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_H
#define WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_H

#include "engines/engine.h"

/* Wasmtime for components: commands of WASI 0.2. */
extern const struct cli_engine cli_wasmtime_component;

#endif
