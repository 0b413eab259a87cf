/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Times on the command line: "250ms", "1.5s". */
#ifndef WASMSIG_CLI_TEXT_TIMES_H
#define WASMSIG_CLI_TEXT_TIMES_H

#include <stdint.h>

/** Reads a time: 1 nanosecond to 2^63 - 1. Returns NULL, or what is wrong: the
 * rest of a sentence that begins with the text, never freed. */
const char *cli_parse_time(const char *text, uint64_t *ns);

#endif
