/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_TEXT_HINTS_H
#define WASMSIG_CLI_TEXT_HINTS_H

#include "wasmsig/module.h"

#define CLI_MOST_HINTS 4

/* What would help a module: sentences that are never freed; how many. */
size_t cli_hints(const wasmsig_module_report *report, const char **hints);

#endif
