/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/print.h"

#include "text/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void cli_print_json_string(const char *bytes, size_t length) {
  putchar('"');
  while (length > 0) {
    struct cli_escaped escaped = cli_escape_json(bytes, length);
    fwrite(escaped.bytes, 1, escaped.length, stdout);
    bytes += escaped.taken;
    length -= escaped.taken;
  }
  putchar('"');
}

void cli_print_json_text(const char *text) {
  if (text)
    cli_print_json_string(text, strlen(text));
  else
    fputs("null", stdout);
}

static size_t columns(const struct cli_escaped *escaped) {
  size_t count = 0;
  for (size_t i = 0; i < escaped->length; i++)
    count += ((unsigned char)escaped->bytes[i] & 0xc0) != 0x80;
  return count;
}

static size_t name(const char *text, bool is_printed) {
  size_t width = 0;
  for (size_t left = strlen(text); left > 0;) {
    struct cli_escaped escaped = cli_escape_controls(text, left);
    if (is_printed) fwrite(escaped.bytes, 1, escaped.length, stdout);
    width += columns(&escaped);
    text += escaped.taken;
    left -= escaped.taken;
  }
  return width;
}

size_t cli_print_name(const char *text) { return name(text, true); }

size_t cli_name_width(const char *text) { return name(text, false); }
