/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What makes a module a program that `wasmsig run` can run. */
#ifndef WASMSIG_CLI_RUN_PROGRAM_H
#define WASMSIG_CLI_RUN_PROGRAM_H

#include "wasmsig/module.h"

/**
 * Why a module is no program for `run`, whatever the engine: found before it is
 * compiled, which may take long. What it cannot see the engine says later.
 *
 * report:    of these bytes, and readable
 * Returns:   NULL, or a sentence that is never freed.
 */
const char *cli_program_refusal(const uint8_t *bytes, size_t length,
                                const wasmsig_module_report *report);

#endif
