/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void add(struct cli_text *text, const char *bytes, size_t length) {
  size_t room = sizeof text->bytes - text->length;
  if (length > room) length = room;
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
}

void cli_text_add(struct cli_text *text, const char *string) {
  add(text, string, strlen(string));
}

void cli_text_number(struct cli_text *text, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  add(text, digits + at, sizeof digits - at);
}

/* Three significant digits or more, and never rounded up: 9.99, 12.3, 1234. */
static void add_scaled(struct cli_text *text, uint64_t value, uint64_t unit,
                       const char *name) {
  uint64_t whole = value / unit;
  uint64_t hundredths = value % unit * 100 / unit;
  cli_text_number(text, whole);
  if (whole < 100 && unit > 1) {
    char digits[4] = {'.', (char)('0' + hundredths / 10),
                      (char)('0' + hundredths % 10), 0};
    if (whole >= 10) digits[2] = 0;
    cli_text_add(text, digits);
  }
  cli_text_add(text, name);
}

void cli_text_duration(struct cli_text *text, uint64_t ns) {
  if (ns < 1000)
    add_scaled(text, ns, 1, " ns");
  else if (ns < 1000000)
    add_scaled(text, ns, 1000, " us");
  else if (ns < 1000000000)
    add_scaled(text, ns, 1000000, " ms");
  else
    add_scaled(text, ns, 1000000000, " s");
}

#define KIB UINT64_C(1024)

void cli_text_size(struct cli_text *text, uint64_t bytes) {
  if (bytes < KIB)
    add_scaled(text, bytes, 1, " B");
  else if (bytes < KIB * KIB)
    add_scaled(text, bytes, KIB, " KiB");
  else if (bytes < KIB * KIB * KIB)
    add_scaled(text, bytes, KIB * KIB, " MiB");
  else
    add_scaled(text, bytes, KIB * KIB * KIB, " GiB");
}

void cli_text_json(struct cli_text *text, const char *string) {
  static const char hex[] = "0123456789abcdef";
  add(text, "\"", 1);
  for (; *string; string++) {
    unsigned char byte = (unsigned char)*string;
    char escaped[7] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15], 0};
    if (byte == '"' || byte == '\\')
      add(text, "\\", 1);
    else if (byte < 0x20) {
      add(text, escaped, 6);
      continue;
    }
    add(text, string, 1);
  }
  add(text, "\"", 1);
}

void cli_text_write(const struct cli_text *text, int descriptor) {
  for (size_t at = 0; at < text->length;) {
    ssize_t count = write(descriptor, text->bytes + at, text->length - at);
    if (count < 0 && errno != EINTR) return;
    if (count > 0) at += (size_t)count;
  }
}
