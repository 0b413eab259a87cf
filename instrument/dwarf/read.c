/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "dwarf/read.h"

/* Section numbers in the dwarf files are those of the DWARF 5 standard. */

void wsig_dwarf_fail(struct wsig_dwarf_reader *reader) {
  reader->failed = true;
  reader->at = reader->end;
}

static size_t left(const struct wsig_dwarf_reader *reader) {
  return reader->end - reader->at;
}

void wsig_dwarf_skip(struct wsig_dwarf_reader *reader, uint64_t count) {
  if (count > left(reader))
    wsig_dwarf_fail(reader);
  else
    reader->at += (size_t)count;
}

uint64_t wsig_dwarf_fixed(struct wsig_dwarf_reader *reader, unsigned width) {
  if (width > left(reader)) {
    wsig_dwarf_fail(reader);
    return 0;
  }
  uint64_t value = 0;
  for (unsigned i = 0; i < width; i++)
    value |= (uint64_t)reader->data[reader->at + i] << (8 * i);
  reader->at += width;
  return value;
}

static uint8_t next(struct wsig_dwarf_reader *reader) {
  if (reader->at < reader->end) return reader->data[reader->at++];
  wsig_dwarf_fail(reader);
  return 0;
}

uint64_t wsig_dwarf_uleb(struct wsig_dwarf_reader *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift = shift < 70 ? shift + 7 : shift) {
    uint8_t byte = next(reader);
    uint64_t bits = byte & 0x7f;
    bool is_lost = shift >= 64 ? bits != 0 : bits << shift >> shift != bits;
    if (is_lost) wsig_dwarf_fail(reader);
    if (reader->failed) return 0;
    if (shift < 64) value |= bits << shift;
    if (byte < 0x80) return value;
  }
}

int64_t wsig_dwarf_sleb(struct wsig_dwarf_reader *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift = shift < 70 ? shift + 7 : shift) {
    uint8_t byte = next(reader);
    if (reader->failed) return 0;
    if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte & 0x40 && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
    return (int64_t)value;
  }
}

void wsig_dwarf_skip_string(struct wsig_dwarf_reader *reader) {
  while (next(reader) != 0) continue;
}

struct wsig_dwarf_frame wsig_dwarf_read_frame(
    struct wsig_dwarf_reader *reader) {
  struct wsig_dwarf_frame frame = {.start = reader->at, .offset_size = 4};
  uint64_t length = wsig_dwarf_fixed(reader, 4);
  if (length == 0xffffffff) {
    frame.offset_size = 8;
    length = wsig_dwarf_fixed(reader, 8);
  } else if (length >= 0xfffffff0) { /* reserved */
    wsig_dwarf_fail(reader);
  }
  if (length > left(reader)) wsig_dwarf_fail(reader);
  frame.body = frame.end = reader->at;
  if (!reader->failed) frame.end += (size_t)length;
  return frame;
}

bool wsig_dwarf_fits(uint64_t value, unsigned width) {
  return width >= 8 || value >> (8 * width) == 0;
}

void wsig_dwarf_put(uint8_t *to, unsigned width, uint64_t value) {
  for (unsigned i = 0; i < width; i++, value >>= 8) to[i] = (uint8_t)value;
}

bool wsig_dwarf_put_uleb(uint8_t *to, size_t width, uint64_t value) {
  for (size_t i = 0; i < width; i++, value >>= 7)
    to[i] = (uint8_t)((value & 0x7f) | (i + 1 < width ? 0x80 : 0));
  return value == 0;
}
