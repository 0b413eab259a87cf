/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/engine.h"

#include <string.h>

const struct cli_engine *cli_engine_named(const char *name) {
  if (strcmp(name, cli_wasmtime.name) == 0) return &cli_wasmtime;
  if (strcmp(name, cli_wamr.name) == 0) return &cli_wamr;
  return NULL;
}

/* A line's text: without its indentation, and the "0: " of a list. */
static const char *text_of(const char *line, const char *end) {
  while (line < end && *line == ' ') line++;
  const char *digits = line;
  while (digits < end && *digits >= '0' && *digits <= '9') digits++;
  bool is_item =
      digits > line && digits + 1 < end && digits[0] == ':' && digits[1] == ' ';
  return is_item ? digits + 2 : line;
}

static size_t append(struct cli_result *result, size_t used, const char *from,
                     const char *end) {
  size_t room = sizeof result->message - 1 - used;
  size_t length = (size_t)(end - from) < room ? (size_t)(end - from) : room;
  memcpy(result->message + used, from, length);
  result->message[used + length] = '\0';
  return used + length;
}

void cli_result_set(struct cli_result *result, enum cli_end end,
                    const char *message, size_t length) {
  static const char causes[] = "Caused by:";
  static const char colon[] = ": ";
  const char *last = message + length;
  size_t used = 0;
  result->end = end;
  result->message[0] = '\0';
  while (message < last) {
    const char *line_end = memchr(message, '\n', (size_t)(last - message));
    if (!line_end) line_end = last;
    const char *text = text_of(message, line_end);
    size_t size = (size_t)(line_end - text);
    bool says = size > 0 &&
                (size != sizeof causes - 1 || memcmp(text, causes, size) != 0);
    if (says && used > 0) used = append(result, used, colon, colon + 2);
    if (says) used = append(result, used, text, line_end);
    message = line_end + 1;
  }
}
