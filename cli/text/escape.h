/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Makes names safe for JSON and for a terminal. Signal handlers: yes. */
#ifndef WASMSIG_CLI_TEXT_ESCAPE_H
#define WASMSIG_CLI_TEXT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* The escaped form of the first character of some bytes. */
struct cli_escaped {
  char bytes[12];
  size_t length;
  size_t taken; /* how many bytes the character had; never 0 */
};

/* In a JSON string: each byte that is not UTF-8 becomes U+FFFD. */
struct cli_escaped cli_escape_json(const char *bytes, size_t length);

bool cli_is_utf8(const char *text);

/* For people: control characters, and bytes that are not UTF-8, become \1b or
 * \c2\9b. */
struct cli_escaped cli_escape_controls(const char *bytes, size_t length);

#endif
