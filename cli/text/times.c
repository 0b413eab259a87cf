/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/times.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define EXPECTED "expected a number and ns, us, ms, s or m, as in 250ms or 1.5s"

static const char too_large[] = "is too large; at most 9223372036s (292 years)";

static const struct {
  const char *name;
  uint64_t ns;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", 1000000000},
             {"m", 60 * UINT64_C(1000000000)}};

/* 0: there is no such unit. */
static uint64_t unit_of(const char *name) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(name, units[i].name) == 0) return units[i].ns;
  }
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

/* Reads a number of units of `scale` nanoseconds, exactly; false: it is more
 * than 2^63 - 1. A fraction of a nanosecond is dropped. */
static bool scaled(const char *text, uint64_t scale, uint64_t *ns) {
  uint64_t whole = 0, fraction = 0;
  for (; is_digit(*text); text++) {
    if (whole > INT64_MAX / 10) return false;
    whole = whole * 10 + (uint64_t)(*text - '0');
  }
  if (whole > INT64_MAX / scale) return false;
  if (*text == '.') text++;
  for (uint64_t worth = scale / 10; is_digit(*text); text++, worth /= 10)
    fraction += worth * (uint64_t)(*text - '0');
  *ns = whole * scale + fraction;
  return *ns <= INT64_MAX;
}

const char *cli_parse_time(const char *text, uint64_t *ns) {
  const char *unit = after_number(text);
  if (!unit) return "is not a time; " EXPECTED;
  if (*unit == '\0') return "has no unit; " EXPECTED;
  uint64_t scale = unit_of(unit);
  if (scale == 0) return "has an unknown unit; " EXPECTED;
  if (!scaled(text, scale, ns)) return too_large;
  return *ns == 0 ? "is 0; a limit is 1ns or more" : NULL;
}
