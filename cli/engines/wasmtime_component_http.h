/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * wasi:http for components that are commands: their requests go out if the user
 * allows it. Otherwise each fails with the error code HTTP-request-denied, so
 * that a component which only could send requests runs.
 */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_HTTP_H
#define WASMSIG_CLI_ENGINES_WASMTIME_COMPONENT_HTTP_H

#include <stdbool.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

/* Names of its interfaces start so. */
#define CLI_COMPONENT_HTTP "wasi:http/"
/* The one by which requests are sent. */
#define CLI_COMPONENT_HTTP_HANDLER "wasi:http/outgoing-handler@0.2."

/* Without this feature of Wasmtime it defines nothing. */
wasmtime_error_t *cli_component_http_define(wasmtime_component_linker_t *linker,
                                            wasmtime_context_t *context);

/* handle: it denies the request. */
wasmtime_error_t *cli_component_http_deny(
    void *unused, wasmtime_context_t *context,
    const wasmtime_component_func_type_t *type,
    wasmtime_component_val_t *arguments, size_t argument_count,
    wasmtime_component_val_t *results, size_t result_count);

#endif
