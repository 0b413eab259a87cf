/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "rewrite/bytes.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST ((size_t)64)

/* False: there is no memory for so many more bytes. */
static bool reserve(struct wsig_bytes *bytes, size_t more) {
  if (bytes->failed) return false;
  if (more <= bytes->capacity - bytes->length) return true;
  size_t capacity = bytes->capacity < SMALLEST ? SMALLEST : bytes->capacity;
  while (capacity - bytes->length < more && capacity <= SIZE_MAX / 2)
    capacity *= 2;
  uint8_t *data = NULL;
  if (capacity - bytes->length >= more) data = realloc(bytes->data, capacity);
  if (!data) {
    bytes->failed = true;
    return false;
  }
  bytes->data = data;
  bytes->capacity = capacity;
  return true;
}

void wsig_bytes_append(struct wsig_bytes *bytes, const void *data,
                       size_t length) {
  if (length == 0 || !reserve(bytes, length)) return;
  memcpy(bytes->data + bytes->length, data, length);
  bytes->length += length;
}

void wsig_bytes_byte(struct wsig_bytes *bytes, uint8_t byte) {
  if (!reserve(bytes, 1)) return;
  bytes->data[bytes->length++] = byte;
}

void wsig_bytes_u32(struct wsig_bytes *bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    wsig_bytes_byte(bytes, (uint8_t)(value | 0x80));
  wsig_bytes_byte(bytes, (uint8_t)value);
}

void wsig_bytes_s32(struct wsig_bytes *bytes, int32_t value) {
  wsig_bytes_s64(bytes, value);
}

/* Bit 6 of the last byte is the sign: it must equal all remaining bits. */
void wsig_bytes_s64(struct wsig_bytes *bytes, int64_t value) {
  uint64_t sign = value < 0 ? UINT64_MAX : 0;
  uint64_t left = (uint64_t)value ^ sign;
  for (; left >= 0x40; left >>= 7)
    wsig_bytes_byte(bytes, (uint8_t)(((left ^ sign) & 0x7f) | 0x80));
  wsig_bytes_byte(bytes, (uint8_t)((left ^ sign) & 0x7f));
}

void wsig_bytes_release(struct wsig_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct wsig_bytes){0};
}
