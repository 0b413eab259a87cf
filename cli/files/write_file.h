/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes a file completely, or leaves the old one unchanged. */
#ifndef WASMSIG_CLI_FILES_WRITE_FILE_H
#define WASMSIG_CLI_FILES_WRITE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a path means standard output: "-". */
bool cli_is_standard_output(const char *path);

/**
 * Writes a file; "-" is standard output.
 *
 * For a regular file a new one is written beside it and then renamed, so that
 * the old file is unchanged if anything fails. The new file keeps the mode, and
 * the owner and group where the system permits it. A symbolic link stays a
 * link; another hard link keeps the old contents. Anything else (a pipe, a
 * device) is written in place.
 *
 * Signals that end the process are blocked until the file is complete, or the
 * temporary file is deleted.
 *
 * Returns:   false, after a message, if it failed.
 */
bool cli_write_file(const char *path, const void *data, size_t length);

#endif
