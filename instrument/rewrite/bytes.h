/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A buffer of bytes that grows with each append.
 *
 * If memory runs out, `failed` is set and stays set, and later appends do
 * nothing. So writers check it once, at the end. Zeroed, it is empty.
 */
#ifndef WSIG_INSTRUMENT_BYTES_H
#define WSIG_INSTRUMENT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wsig_bytes {
  uint8_t *data;
  size_t length, capacity;
  bool failed;
};

void wsig_bytes_append(struct wsig_bytes *bytes, const void *data,
                       size_t length);
void wsig_bytes_byte(struct wsig_bytes *bytes, uint8_t byte);
/** LEB128 without a sign, for numbers of any width. */
void wsig_bytes_u32(struct wsig_bytes *bytes, uint64_t value);
/** LEB128 with a sign. */
void wsig_bytes_s32(struct wsig_bytes *bytes, int32_t value);
void wsig_bytes_s64(struct wsig_bytes *bytes, int64_t value);
/** Frees the memory. The buffer is then empty and may be used again. */
void wsig_bytes_release(struct wsig_bytes *bytes);

#endif
