/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals for a component. The words of the protocol are in memory of ours, and
 * the component reads them by the function `take` of wasmsig:signals (wit/).
 * For the registry it is an instance like any other.
 */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_SIGNALS_H
#define WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_SIGNALS_H

#include "wasmsig/host.h"

#include <wasmtime.h>
#include <wasmtime/component.h>

/* Names of the interface start so: a patch level may follow. */
#define CLI_COMPONENT_SIGNALS "wasmsig:signals/signals@0.1."

/* take: func(handled: u64) -> u64 */
wasmtime_error_t *cli_component_signals_take(
    void *unused, wasmtime_context_t *context,
    const wasmtime_component_func_type_t *type,
    wasmtime_component_val_t *arguments, size_t argument_count,
    wasmtime_component_val_t *results, size_t result_count);

/* Returns a wasmsig_error. */
int cli_component_signals_track(wasmsig_registry *registry,
                                wasmsig_instance *instance);
void cli_component_signals_untrack(wasmsig_registry *registry);

#endif
