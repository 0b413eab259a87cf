/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the numbers of a DWARF section, up to an end.
 *
 * A fault is permanent: the reader has failed, is at its end, and returns zeros
 * from then on. So callers need to check for faults only from time to time, and
 * in each loop.
 */
#ifndef WSIG_INSTRUMENT_DWARF_READ_H
#define WSIG_INSTRUMENT_DWARF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wsig_dwarf_reader {
  const uint8_t *data; /* the whole section: `at` is an offset in it */
  size_t at, end;      /* at <= end */
  bool failed;
};

void wsig_dwarf_fail(struct wsig_dwarf_reader *reader);
void wsig_dwarf_skip(struct wsig_dwarf_reader *reader, uint64_t count);
/** Little-endian, 0 to 8 bytes. */
uint64_t wsig_dwarf_fixed(struct wsig_dwarf_reader *reader, unsigned width);
/** LEB128 (7.6). It fails if the number does not fit into 64 bits. */
uint64_t wsig_dwarf_uleb(struct wsig_dwarf_reader *reader);
int64_t wsig_dwarf_sleb(struct wsig_dwarf_reader *reader);
/** Skips a string and the zero byte at its end. */
void wsig_dwarf_skip_string(struct wsig_dwarf_reader *reader);

/** A unit, table or contribution, which begins with its length (7.2.2). */
struct wsig_dwarf_frame {
  size_t start;        /* where the length is */
  size_t body, end;    /* the bytes that the length counts */
  uint8_t offset_size; /* 4, or 8: the 64-bit format (7.4) */
};

/** Reads a length. The reader is then after it, and keeps its own end. */
struct wsig_dwarf_frame wsig_dwarf_read_frame(struct wsig_dwarf_reader *reader);

/** Whether the number fits into `width` bytes. */
bool wsig_dwarf_fits(uint64_t value, unsigned width);
/** Writes a number, little-endian, in `width` bytes. */
void wsig_dwarf_put(uint8_t *to, unsigned width, uint64_t value);
/** Writes LEB128 of exactly `width` bytes. False: it does not fit. */
bool wsig_dwarf_put_uleb(uint8_t *to, size_t width, uint64_t value);

#endif
