/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime's own functions of WASI, for those of ours that shadow them.
 *
 * Wasmtime's look for the memory among the exports of the instance that calls
 * them: a call from the host has no instance. So a small module stands between:
 * it imports the guest's memory, exports it again, and its functions do nothing
 * but call Wasmtime's. It is made at the first pass; a program that uses
 * standard streams alone never needs it.
 */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_TRAMPOLINE_H
#define WASMSIG_CLI_ENGINES_WASMTIME_TRAMPOLINE_H

#include <stdbool.h>
#include <wasmtime.h>

/* A function that ours shadow. */
struct cli_shadowed {
  const char *name;
  const char *parameters; /* a letter each: 'i' i32, 'j' i64; the result: i32 */
};

#define CLI_SHADOWED 16
#define CLI_SHADOWED_MOST_PARAMETERS 9
extern const struct cli_shadowed cli_shadowed[CLI_SHADOWED];

/* Its place there; it must be one. */
int cli_shadowed_named(const char *name);

/* Takes Wasmtime's from the linker; false: it lacks one. */
bool cli_between_open(wasm_engine_t *engine, wasmtime_linker_t *linker,
                      wasmtime_context_t *context);

/* Wasmtime's own. */
wasmtime_extern_t cli_between_own(int which);

/**
 * Calls Wasmtime's own with these parameters; the result is values[0]. What it
 * fails with is the guest's trap.
 *
 * memory:    the guest's, for the first call; it is kept
 */
wasm_trap_t *cli_between_pass(int which, wasmtime_context_t *context,
                              const wasmtime_extern_t *memory,
                              wasmtime_val_raw_t *values);

/* Adds an instance of a module, which is text, to the store. */
wasmtime_error_t *cli_between_add(wasmtime_context_t *context, const char *text,
                                  const wasmtime_extern_t *imports,
                                  size_t count, wasmtime_instance_t *instance);

/* What it exports by a name that it has. */
wasmtime_extern_t cli_between_export(wasmtime_context_t *context,
                                     const wasmtime_instance_t *instance,
                                     const char *name);

/* Whether an instance is just being added to the store, or asked what it
 * exports. Any thread; signal handlers too. */
bool cli_wasmtime_store_changes(void);

#endif
