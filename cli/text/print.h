/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints values on standard output by stdio. */
#ifndef WASMSIG_CLI_TEXT_PRINT_H
#define WASMSIG_CLI_TEXT_PRINT_H

#include <stddef.h>

/* A JSON string, valid for any bytes. */
void cli_print_json_string(const char *bytes, size_t length);

/* A JSON string, or null for NULL. */
void cli_print_json_text(const char *text);

/* A name or a message; control characters are escaped. Returns how many columns
 * it has if each character has one. */
size_t cli_print_name(const char *text);

/* The columns of a name, which is not printed. */
size_t cli_name_width(const char *text);

#endif
