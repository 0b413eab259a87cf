/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_TEXT_SIZES_H
#define WASMSIG_CLI_TEXT_SIZES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Reads a size of the command line: "64MiB", "1.5GiB", "65536B".
 *
 * bytes:     1 to 2^63 - 1
 * Returns:   NULL, or what is wrong with the text: the rest of a sentence that
 *            starts with the text. It is never freed.
 */
const char *cli_parse_size(const char *text, uint64_t *bytes);

/* Whether the text is a size of 0, with or without a unit. */
bool cli_is_zero_size(const char *text);

#endif
