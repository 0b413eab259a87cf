/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/sizes.h"

#include "text/scaled.h"

#include <string.h>

#define EXPECTED "expected a number and B, KiB, MiB or GiB, as in 64MiB"

static const struct cli_unit units[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

static const char *const wrong[] = {
    [CLI_SCALED] = NULL,
    [CLI_NO_NUMBER] = "is not a size; " EXPECTED,
    [CLI_NO_UNIT] = "has no unit; " EXPECTED,
    [CLI_UNKNOWN_UNIT] = "has an unknown unit; " EXPECTED,
    [CLI_TOO_LARGE] = "is too large; at most 8589934591GiB",
    [CLI_ZERO] = "is 0; a limit is 1B or more"};

static enum cli_scaled parse(const char *text, uint64_t *bytes) {
  return cli_parse_scaled(text, units, sizeof units / sizeof *units, bytes);
}

const char *cli_parse_size(const char *text, uint64_t *bytes) {
  return wrong[parse(text, bytes)];
}

bool cli_is_zero_size(const char *text) {
  uint64_t unused;
  return strcmp(text, "0") == 0 || parse(text, &unused) == CLI_ZERO;
}
