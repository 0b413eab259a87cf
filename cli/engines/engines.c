/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/engine.h"

#include <string.h>

const struct cli_engine *cli_find_engine(const char *name) {
  static const struct cli_engine *const engines[] = {&cli_wasmtime, &cli_wamr};
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
    if (strcmp(name, engines[i]->name) == 0) return engines[i];
  }
  return NULL;
}
