/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/times.h"

#include "text/scaled.h"

#include <string.h>

#define EXPECTED "expected a number and ns, us, ms, s or m, as in 250ms or 1.5s"

static const struct cli_unit units[] = {{"ns", 1},
                                        {"us", 1000},
                                        {"ms", 1000000},
                                        {"s", 1000000000},
                                        {"m", 60 * UINT64_C(1000000000)}};

static const char *const wrong[] = {
    [CLI_SCALED] = NULL,
    [CLI_NO_NUMBER] = "is not a time; " EXPECTED,
    [CLI_NO_UNIT] = "has no unit; " EXPECTED,
    [CLI_UNKNOWN_UNIT] = "has an unknown unit; " EXPECTED,
    [CLI_TOO_LARGE] = "is too large; at most 9223372036s (292 years)",
    [CLI_ZERO] = "is 0; a limit is 1ns or more"};

static enum cli_scaled parse(const char *text, uint64_t *ns) {
  return cli_parse_scaled(text, units, sizeof units / sizeof *units, ns);
}

const char *cli_parse_time(const char *text, uint64_t *ns) {
  return wrong[parse(text, ns)];
}

bool cli_is_zero_time(const char *text) {
  uint64_t unused;
  return strcmp(text, "0") == 0 || parse(text, &unused) == CLI_ZERO;
}
