/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/invocation.h"

#include "engines/engine.h"
#include "engines/function_kinds.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"i32", "i64", "f32", "f64"};

static bool refuse(struct cli_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(struct cli_result *result, const char *format, ...) {
  char text[sizeof result->message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return cli_result_refuse(result, text);
}

/* ----------------------------------------------------------------- reading */

/* Digits, or 0x and hexadecimal digits, with a sign or without one. Both the
 * signed and the unsigned numbers of so many bits are read. */
static bool read_integer(const char *word, unsigned bits, int64_t *value) {
  bool is_negative = word[0] == '-';
  const char *digits = word + (word[0] == '-' || word[0] == '+');
  bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  if (is_hex) digits += 2;
  /* strtoull(3) would also read white space and a second sign. */
  static const char decimal[] = "0123456789", hex[] = "0123456789abcdefABCDEF";
  size_t length = strspn(digits, is_hex ? hex : decimal);
  if (length == 0 || digits[length] != '\0') return false;
  errno = 0;
  uint64_t number = strtoull(digits, NULL, is_hex ? 16 : 10);
  uint64_t least = UINT64_C(1) << (bits - 1); /* without its sign */
  uint64_t most = is_negative ? least : least - 1 + least;
  if (errno != 0 || number > most) return false;
  *value = (int64_t)(is_negative ? 0 - number : number);
  return true;
}

/* What strtod(3) reads, but for white space. A number that is too large is
 * infinite. */
static bool read_float(const char *word, struct cli_value *value) {
  char *end;
  if (word[0] == '\0' || strchr(" \t\n\v\f\r", word[0])) return false;
  if (value->kind == CLI_F32)
    value->of.f32 = strtof(word, &end);
  else
    value->of.f64 = strtod(word, &end);
  return end != word && *end == '\0';
}

static bool read_value(const char *word, struct cli_value *value) {
  int64_t number;
  bool is_32 = value->kind == CLI_I32;
  if (value->kind >= CLI_F32) return read_float(word, value);
  if (!read_integer(word, is_32 ? 32 : 64, &number)) return false;
  if (is_32)
    value->of.i32 = (int32_t)number;
  else
    value->of.i64 = number;
  return true;
}

/* ----------------------------------------------------------------- prepare */

static bool has_other(const enum cli_kind *kinds, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (kinds[i] == CLI_OTHER_KIND) return true;
  return false;
}

/* One more than needed, as 0 bytes may be NULL. */
static struct cli_value *values_of(const enum cli_kind *kinds, size_t count) {
  struct cli_value *values = calloc(count + 1, sizeof *values);
  for (size_t i = 0; values && i < count; i++) values[i].kind = kinds[i];
  return values;
}

static bool take_words(struct cli_invocation *invocation,
                       const struct cli_function_kinds *kinds,
                       struct cli_result *result) {
  size_t count = kinds->parameter_count;
  if (has_other(kinds->parameters, count) ||
      has_other(kinds->results, kinds->result_count))
    return refuse(result,
                  "--invoke: '%s' has a parameter or a result that is no "
                  "number (v128 or a reference)",
                  invocation->name);
  if (count != invocation->word_count)
    return refuse(result, "--invoke: '%s' has %zu parameter%s, but %zu %s",
                  invocation->name, count, count == 1 ? "" : "s",
                  invocation->word_count,
                  invocation->word_count == 1 ? "argument is given"
                                              : "arguments are given");
  invocation->parameters = values_of(kinds->parameters, count);
  invocation->results = values_of(kinds->results, kinds->result_count);
  invocation->result_count = kinds->result_count;
  if (!invocation->parameters || !invocation->results)
    return cli_result_refuse(result, "out of memory");
  for (size_t i = 0; i < count; i++)
    if (!read_value(invocation->words[i], &invocation->parameters[i]))
      return refuse(result, "--invoke: argument %zu: '%s' is no %s", i + 1,
                    invocation->words[i], kind_names[kinds->parameters[i]]);
  return true;
}

bool cli_invocation_prepare(struct cli_invocation *invocation,
                            struct cli_bytes module,
                            struct cli_result *result) {
  struct cli_function_kinds kinds;
  if (!cli_function_kinds_read(&kinds, module, invocation->name))
    return cli_result_refuse(result, "out of memory");
  bool fits = take_words(invocation, &kinds, result);
  cli_function_kinds_release(&kinds);
  return fits;
}

/* ---------------------------------------------------------------- printing */

/* The fewest significant digits that read back as the same number, as
 * D.DDDe[+-]DD. */
static void shortest(double value, bool is_single, char *text, size_t size) {
  for (int digits = 0; digits < 17; digits++) {
    snprintf(text, size, "%.*e", digits, value);
    double back = is_single ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (back == value) return;
  }
}

/* Without an exponent. `digits` has its point after the first digit. */
static void print_plain(const char *digits, int exponent) {
  int count = 0;
  if (exponent < 0) fputs("0.", stdout);
  for (int i = exponent + 1; i < 0; i++) putchar('0');
  for (; *digits != '\0'; digits++) {
    if (*digits == '.') continue;
    if (count++ == exponent + 1 && exponent >= 0) putchar('.');
    putchar(*digits);
  }
  for (; count <= exponent; count++) putchar('0');
}

static void print_float(double value, bool is_single) {
  char text[40];
  if (isnan(value)) {
    fputs("NaN", stdout);
    return;
  }
  if (signbit(value)) putchar('-');
  value = fabs(value);
  if (isinf(value)) {
    fputs("inf", stdout);
    return;
  }
  shortest(value, is_single, text, sizeof text);
  char *mark = strchr(text, 'e');
  *mark = '\0';
  print_plain(text, atoi(mark + 1));
}

static void print_value(const struct cli_value *value) {
  switch (value->kind) {
    case CLI_I32: printf("%d", value->of.i32); break;
    case CLI_I64: printf("%lld", (long long)value->of.i64); break;
    case CLI_F32: print_float((double)value->of.f32, true); break;
    default: print_float(value->of.f64, false);
  }
  putchar('\n');
}

void cli_invocation_print(const struct cli_invocation *invocation) {
  for (size_t i = 0; i < invocation->result_count; i++)
    print_value(&invocation->results[i]);
}
