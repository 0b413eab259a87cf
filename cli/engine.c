/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engine.h"

#include <string.h>

const struct cli_engine *cli_engine_named(const char *name) {
  if (strcmp(name, cli_wasmtime.name) == 0) return &cli_wasmtime;
  if (strcmp(name, cli_wamr.name) == 0) return &cli_wamr;
  return NULL;
}

void cli_result_set(struct cli_result *result, enum cli_end end,
                    const char *message, size_t length) {
  const char *line_end = memchr(message, '\n', length);
  if (line_end) length = (size_t)(line_end - message);
  if (length >= sizeof result->message) length = sizeof result->message - 1;
  memcpy(result->message, message, length);
  result->message[length] = '\0';
  result->end = end;
}
