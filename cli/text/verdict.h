/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the module reader found wrong, in words, and how to repair it. */
#ifndef WASMSIG_CLI_TEXT_VERDICT_H
#define WASMSIG_CLI_TEXT_VERDICT_H

#include "wasmsig/module.h"

#include <stdbool.h>

#define CLI_MOST_HINTS 4

/* Hints for the author of a module: sentences that are never freed. Returns
 * how many. */
size_t cli_hints(const wasmsig_module_report *report, const char **hints);

/* Whether a readable module has a signal word, in whichever memory. */
bool cli_has_signal_word(const wasmsig_module_report *report);

/* Prints why a file cannot be read as a module, and the hints, each as one line
 * on standard error. */
void cli_print_unreadable(const char *path,
                          const wasmsig_module_report *report);

#endif
