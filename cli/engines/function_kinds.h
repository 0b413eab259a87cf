/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_ENGINES_FUNCTION_KINDS_H
#define WASMSIG_CLI_ENGINES_FUNCTION_KINDS_H

#include "compiled/file.h"
#include "engines/invocation.h"

/* Of the values that an exported function takes and returns. */
struct cli_function_kinds {
  bool is_found; /* the module exports a function of that name */
  enum cli_kind *parameters, *results;
  size_t parameter_count, result_count;
};

/**
 * Reads the type of an exported function, without an engine: WAMR's functions
 * for it abort in a debug build if a result is a reference, and Wasmtime's
 * abort if a type is v128. In a module that is not valid the type may not be
 * found: then there are no kinds, and the engine refuses the module.
 *
 * Returns:   false: out of memory. Otherwise the caller releases the kinds.
 */
bool cli_function_kinds_read(struct cli_function_kinds *kinds,
                             struct cli_bytes module, const char *name);
void cli_function_kinds_release(struct cli_function_kinds *kinds);

#endif
