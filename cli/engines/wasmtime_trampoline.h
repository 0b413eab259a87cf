/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Calls Wasmtime's own functions of WASI from ours, which shadow them.
 *
 * Wasmtime's functions search the exports of the calling instance for its
 * memory. A call from the host has no such instance. So a small module is in
 * between, the trampoline: it imports the guest's memory, exports it again, and
 * its functions do nothing but call Wasmtime's. It is created at the first
 * call. A program that uses standard streams alone never needs it.
 */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_TRAMPOLINE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_TRAMPOLINE_H

#include <stdbool.h>
#include <wasmtime.h>

/* A function of Wasmtime's WASI that one of ours shadows. */
struct cli_shadowed {
  const char *name;
  const char *parameters; /* a letter each: 'i' i32, 'j' i64; the result: i32 */
};

#define CLI_SHADOWED 16
#define CLI_SHADOWED_MOST_PARAMETERS 9
extern const struct cli_shadowed cli_shadowed[CLI_SHADOWED];

/* The index of a function, which must be in the table. */
int cli_shadowed_index(const char *name);

/* Takes Wasmtime's functions from the linker. False: one is missing. */
bool cli_trampoline_prepare(wasm_engine_t *engine, wasmtime_linker_t *linker,
                            wasmtime_context_t *context);

/* Wasmtime's own function. */
wasmtime_extern_t cli_trampoline_target(int index);

/**
 * Calls Wasmtime's own function. values[] has the parameters, and receives the
 * result in values[0]. An error becomes a trap of the guest.
 *
 * memory:    the guest's; the first call's is used for all
 */
wasm_trap_t *cli_trampoline_call(int index, wasmtime_context_t *context,
                                 const wasmtime_extern_t *memory,
                                 wasmtime_val_raw_t *values);

/* Adds an instance of a module in the text format to the store. */
wasmtime_error_t *cli_store_add(wasmtime_context_t *context, const char *text,
                                const wasmtime_extern_t *imports, size_t count,
                                wasmtime_instance_t *instance);

/* An export of such an instance, which must exist. */
wasmtime_extern_t cli_store_export(wasmtime_context_t *context,
                                   const wasmtime_instance_t *instance,
                                   const char *name);

/* Whether one of the two functions above is changing the store. Threads: any.
 * Signal handlers: yes. */
bool cli_store_is_changing(void);

#endif
