/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads files of modules. The path "-" is standard input. */
#ifndef WASMSIG_CLI_FILES_READ_FILE_H
#define WASMSIG_CLI_FILES_READ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a file for reading. Returns -1, after a message, if it cannot. */
int cli_open_file(const char *path);
void cli_close_file(const char *path, int descriptor);

/**
 * Reads a whole file, or only the start of one that is no module.
 *
 * Returns:   false, after a message, if it cannot be read.
 * Ownership: the caller frees the bytes.
 */
bool cli_read_file(const char *path, uint8_t **bytes, size_t *length);

#endif
