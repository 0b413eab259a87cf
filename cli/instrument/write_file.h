/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files that are written whole, or not at all. */
#ifndef WASMSIG_CLI_INSTRUMENT_WRITE_FILE_H
#define WASMSIG_CLI_INSTRUMENT_WRITE_FILE_H

#include <stdbool.h>
#include <stddef.h>

bool cli_is_standard(const char *path);

/**
 * Writes a file; "-" is standard output.
 *
 * A regular file is written beside the old one and takes its place when all of
 * it is there, so that the old one is as it was if anything goes wrong. The new
 * one keeps the mode, and the owner and group where the system lets it; a
 * symbolic link stays one, another hard link keeps the old contents. What is no
 * regular file (a pipe, a device) is written to as it is.
 *
 * Signals that end the process wait until the file is in its place or gone.
 *
 * False: having said why.
 */
bool cli_write_file(const char *path, const void *data, size_t length);

#endif
