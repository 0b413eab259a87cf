/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_TEXT_TIMES_H
#define WASMSIG_CLI_TEXT_TIMES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Reads a time of the command line: "250ms", "1.5s".
 *
 * ns:        1 to 2^63 - 1
 * Returns:   NULL, or what is wrong with the text: the rest of a sentence that
 *            starts with the text. It is never freed.
 */
const char *cli_parse_time(const char *text, uint64_t *ns);

/* Whether the text is a time of 0, with or without a unit. */
bool cli_is_zero_time(const char *text);

#endif
