/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names as they may stand in JSON and on a terminal. Signal handlers: yes. */
#ifndef WASMSIG_CLI_TEXT_ESCAPE_H
#define WASMSIG_CLI_TEXT_ESCAPE_H

#include <stddef.h>

/* The first character of some bytes, and what stands for it. */
struct cli_escaped {
  char bytes[12];
  size_t length;
  size_t taken; /* of the bytes; never 0 */
};

/* In a JSON string: what is not UTF-8 is U+FFFD, byte by byte. */
struct cli_escaped cli_escape_json(const char *bytes, size_t length);

/* For people: control characters, and what is not UTF-8, as \1b or \c2\9b. */
struct cli_escaped cli_escape_controls(const char *bytes, size_t length);

#endif
