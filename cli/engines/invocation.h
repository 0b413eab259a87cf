/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * --invoke: a call of an exported function. Arguments are words of the command
 * line, results are lines of standard output, as `wasmtime run --invoke` reads
 * and prints them.
 */
#ifndef WASMSIG_CLI_ENGINES_INVOCATION_H
#define WASMSIG_CLI_ENGINES_INVOCATION_H

#include "compiled/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_result;

/* What a host calls first in a module without `_start` (a WASI reactor). */
#define CLI_INITIALIZE "_initialize"

enum cli_kind { CLI_I32, CLI_I64, CLI_F32, CLI_F64, CLI_OTHER_KIND };

struct cli_value {
  enum cli_kind kind;
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
  } of;
};

struct cli_invocation {
  const char *name;
  char **words; /* the arguments */
  size_t word_count;
  struct cli_value *parameters; /* as many as words; read from them */
  struct cli_value *results;
  size_t result_count;
  bool has_returned; /* the results are set */
};

/**
 * Reads the words as values for the parameters of the function, which the
 * module exports, and prepares its results.
 *
 * Returns:   false, with the reason in `result`, if a count or a word is
 *            wrong, or if a parameter or a result is no number.
 */
bool cli_invocation_prepare(struct cli_invocation *invocation,
                            struct cli_bytes module, struct cli_result *result);

/* Prints the results on standard output, one a line. */
void cli_invocation_print(const struct cli_invocation *invocation);

#endif
