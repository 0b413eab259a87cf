/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/engine.h"

#include <string.h>

/* A line without its indentation, and without the "0: " of a list. */
static const char *content_of(const char *line, const char *end) {
  while (line < end && *line == ' ') line++;
  const char *digits = line;
  while (digits < end && *digits >= '0' && *digits <= '9') digits++;
  bool is_item =
      digits > line && digits + 1 < end && digits[0] == ':' && digits[1] == ' ';
  return is_item ? digits + 2 : line;
}

static size_t append(struct cli_result *result, size_t used, const char *from,
                     const char *end) {
  size_t space = sizeof result->message - 1 - used;
  size_t length = (size_t)(end - from) < space ? (size_t)(end - from) : space;
  memcpy(result->message + used, from, length);
  result->message[used + length] = '\0';
  return used + length;
}

/* Empty lines and Wasmtime's heading of a list carry no information. */
static bool is_content(const char *text, size_t length) {
  static const char heading[] = "Caused by:";
  return length > 0 &&
         (length != sizeof heading - 1 || memcmp(text, heading, length) != 0);
}

void cli_result_set(struct cli_result *result, enum cli_outcome outcome,
                    const char *message, size_t length) {
  static const char colon[] = ": ";
  const char *end = message + length;
  size_t used = 0;
  result->outcome = outcome;
  result->message[0] = '\0';
  while (message < end) {
    const char *line_end = memchr(message, '\n', (size_t)(end - message));
    if (!line_end) line_end = end;
    const char *text = content_of(message, line_end);
    if (is_content(text, (size_t)(line_end - text))) {
      if (used > 0) used = append(result, used, colon, colon + 2);
      used = append(result, used, text, line_end);
    }
    message = line_end + 1;
  }
}

bool cli_result_refuse(struct cli_result *result, const char *message) {
  cli_result_set(result, CLI_REFUSED, message, strlen(message));
  return false;
}
