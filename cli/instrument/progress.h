/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A line on standard error that shows the progress, if that is a terminal. */
#ifndef WASMSIG_CLI_INSTRUMENT_PROGRESS_H
#define WASMSIG_CLI_INSTRUMENT_PROGRESS_H

#include <stddef.h>

/* Shows that the file at `path` is the `number`th of `count`. */
void cli_show_progress(size_t number, size_t count, const char *path);

/* Removes the line. Each message does so too. */
void cli_clear_progress(void);

#endif
