/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Options of `wasmsig run` for what a WASI program has: folders and an
 * environment. */
#ifndef WASMSIG_CLI_RUN_WASI_OPTIONS_H
#define WASMSIG_CLI_RUN_WASI_OPTIONS_H

#include "engines/engine.h"

/* The next two print what is wrong, and return false then. They keep pointers
 * into the text, and change it. */

/* FOLDER[::NAME][::ro] */
bool cli_take_folder(struct cli_wasi_setup *wasi, char *text);

/* NAME=VALUE, or NAME to pass on ours. The last value of a name counts. */
bool cli_take_variable(struct cli_wasi_setup *wasi, char *text);

/* Adds our variables, except for names that have a value already. One that is
 * not UTF-8 is left out, with a message, if the engine needs UTF-8. */
void cli_inherit_environment(struct cli_wasi_setup *wasi, bool needs_utf8);

/* Whether arguments, variables and folders are UTF-8. Otherwise prints what is
 * not. */
bool cli_setup_is_utf8(const struct cli_wasi_setup *wasi);

#endif
