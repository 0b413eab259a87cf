/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files of modules, and what is wrong with them. */
#ifndef WASMSIG_CLI_TEXT_MODULE_FILE_H
#define WASMSIG_CLI_TEXT_MODULE_FILE_H

#include "wasmsig/module.h"

/* Opens a file to read, "-" is standard input; -1, having said why. */
int cli_open_file(const char *path);
void cli_close_file(const char *path, int descriptor);

/* The whole file, or the start of one that does not begin as a module does;
 * false, having said why, if it cannot be read. "-" is standard input. The
 * bytes are never freed: the process ends with them. */
bool cli_read_file(const char *path, uint8_t **bytes, size_t *length);

/* Why it is no module that can be read: one line on standard error. */
void cli_complain_of_module(const char *path,
                            const wasmsig_module_report *report);

#endif
