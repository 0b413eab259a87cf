/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/escape.h"

#include <string.h>

/* ------------------------------------------------------------------- UTF-8 */

static size_t length_by_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* No overlong form, no surrogate, nothing past U+10FFFF: Unicode's table 3-7.
 */
static bool is_second(unsigned char lead, unsigned char byte) {
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}

/* Of the character at the start: 1 to 4 bytes; 0: it is not UTF-8. */
static size_t character_length(const char *bytes, size_t length) {
  const unsigned char *at = (const unsigned char *)bytes;
  size_t due = length_by_lead(at[0]);
  if (due == 0 || due > length) return 0;
  if (due > 1 && !is_second(at[0], at[1])) return 0;
  for (size_t i = 2; i < due; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  return due;
}

bool cli_is_utf8(const char *text) {
  size_t left = strlen(text), taken = 1;
  for (; left > 0 && taken > 0; text += taken, left -= taken)
    taken = character_length(text, left);
  return taken > 0;
}

/* ------------------------------------------------------------------ escapes */

static void put(struct cli_escaped *escaped, const char *bytes, size_t length) {
  memcpy(escaped->bytes + escaped->length, bytes, length);
  escaped->length += length;
}

/* Two digits behind a prefix. */
static void put_hex(struct cli_escaped *escaped, const char *prefix,
                    char byte) {
  static const char digits[] = "0123456789abcdef";
  unsigned char value = (unsigned char)byte;
  put(escaped, prefix, strlen(prefix));
  put(escaped, &digits[value >> 4], 1);
  put(escaped, &digits[value & 15], 1);
}

struct cli_escaped cli_escape_json(const char *bytes, size_t length) {
  size_t taken = character_length(bytes, length);
  struct cli_escaped escaped = {.taken = taken ? taken : 1};
  unsigned char first = (unsigned char)bytes[0];
  if (taken == 0) {
    put(&escaped, "\\ufffd", 6);
  } else if (first < 0x20) {
    put_hex(&escaped, "\\u00", bytes[0]);
  } else {
    if (first == '"' || first == '\\') put(&escaped, "\\", 1);
    put(&escaped, bytes, taken);
  }
  return escaped;
}

/* Also those of U+0080 to U+009F, two bytes each: some terminals obey them. */
static bool is_control(const char *bytes, size_t length) {
  unsigned char first = (unsigned char)bytes[0];
  return length == 1 ? first < 0x20 || first == 0x7f
                     : first == 0xc2 && (unsigned char)bytes[1] < 0xa0;
}

struct cli_escaped cli_escape_controls(const char *bytes, size_t length) {
  size_t taken = character_length(bytes, length);
  struct cli_escaped escaped = {.taken = taken ? taken : 1};
  if (taken > 0 && !is_control(bytes, taken)) {
    put(&escaped, bytes, taken);
    return escaped;
  }
  for (size_t i = 0; i < escaped.taken; i++) put_hex(&escaped, "\\", bytes[i]);
  return escaped;
}
