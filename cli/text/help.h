/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What --help prints. The manual page says more: docs/man/wasmsig.1. */
#ifndef WASMSIG_CLI_TEXT_HELP_H
#define WASMSIG_CLI_TEXT_HELP_H

extern const char cli_help[];
extern const char cli_help_run[];
extern const char cli_help_inspect[];
extern const char cli_help_instrument[];
extern const char cli_help_compile[];
extern const char cli_help_cache[];
extern const char cli_help_workerd[];

#endif
