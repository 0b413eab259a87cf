/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_RUN_PROGRAM_H
#define WASMSIG_CLI_RUN_PROGRAM_H

#include "compiled/file.h"
#include "wasmsig/module.h"

/**
 * Checks whether a module is a program for `wasmsig run`, before an engine
 * compiles it, which may take long. The engine checks the rest.
 *
 * report:    of the module, and readable
 * entry:     the function that is to be called
 * most_memory: what a memory can grow to, in bytes
 * Returns:   NULL, or a sentence that says why not, and that is never freed.
 */
const char *cli_program_refusal(struct cli_bytes module,
                                const wasmsig_module_report *report,
                                const char *entry, uint64_t most_memory);

#endif
