/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/scaled.h"

#include <stdbool.h>
#include <string.h>

/* 0: there is no such unit. */
static uint64_t scale_of(const char *name, const struct cli_unit *units,
                         size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, units[i].name) == 0) return units[i].scale;
  return 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *after_digits(const char *text) {
  while (is_digit(*text)) text++;
  return text;
}

/* The end of digits, or of digits, a point and digits; NULL: no number. */
static const char *after_number(const char *text) {
  const char *end = after_digits(text);
  if (end == text) return NULL;
  if (*end != '.') return end;
  const char *fraction = end + 1;
  end = after_digits(fraction);
  return end == fraction ? NULL : end;
}

__extension__ typedef unsigned __int128 wide;

/* The digits after the point, as a part of `scale`. The first 18 count: the
 * others are less than 1 for each scale below 10^18. */
static uint64_t part_of(const char *digits, uint64_t scale) {
  wide number = 0;
  uint64_t divisor = 1;
  for (int i = 0; i < 18 && is_digit(digits[i]); i++) {
    number = number * 10 + (unsigned)(digits[i] - '0');
    divisor *= 10;
  }
  return (uint64_t)(number * scale / divisor);
}

/* False: it is more than 2^63 - 1. */
static bool read_number(const char *text, uint64_t scale, uint64_t *value) {
  uint64_t whole = 0;
  for (; is_digit(*text); text++) {
    if (whole > INT64_MAX / 10) return false;
    whole = whole * 10 + (uint64_t)(*text - '0');
  }
  if (whole > INT64_MAX / scale) return false;
  *value = whole * scale + (*text == '.' ? part_of(text + 1, scale) : 0);
  return *value <= INT64_MAX;
}

enum cli_scaled cli_parse_scaled(const char *text, const struct cli_unit *units,
                                 size_t count, uint64_t *value) {
  const char *unit = after_number(text);
  if (!unit) return CLI_NO_NUMBER;
  if (*unit == '\0') return CLI_NO_UNIT;
  uint64_t scale = scale_of(unit, units, count);
  if (scale == 0) return CLI_UNKNOWN_UNIT;
  if (!read_number(text, scale, value)) return CLI_TOO_LARGE;
  return *value == 0 ? CLI_ZERO : CLI_SCALED;
}
