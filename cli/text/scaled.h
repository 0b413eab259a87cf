/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers with a unit: "1.5s", "64MiB". */
#ifndef WASMSIG_CLI_TEXT_SCALED_H
#define WASMSIG_CLI_TEXT_SCALED_H

#include <stddef.h>
#include <stdint.h>

struct cli_unit {
  const char *name;
  uint64_t scale;
};

/* How a text was read. All but the first say what is wrong with it. */
enum cli_scaled {
  CLI_SCALED,
  CLI_NO_NUMBER,
  CLI_NO_UNIT,
  CLI_UNKNOWN_UNIT,
  CLI_TOO_LARGE, /* above 2^63 - 1 */
  CLI_ZERO,
};

/* Reads a number and one of the units, exactly. A fraction of the smallest unit
 * is dropped. */
enum cli_scaled cli_parse_scaled(const char *text, const struct cli_unit *units,
                                 size_t count, uint64_t *value);

#endif
