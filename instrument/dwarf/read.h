/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading DWARF: numbers from a section, never past the end that was set.
 *
 * What goes wrong sticks: the reader has failed, stands at its end, and gives
 * zeros from then on. So callers need only ask now and then, and in each loop.
 */
#ifndef WSIG_INSTRUMENT_DWARF_READ_H
#define WSIG_INSTRUMENT_DWARF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wsig_dwarf_reader {
  const uint8_t *data; /* of the whole section: `at` is an offset in it */
  size_t at, end;      /* at <= end */
  bool failed;
};

void wsig_dwarf_fail(struct wsig_dwarf_reader *reader);
void wsig_dwarf_skip(struct wsig_dwarf_reader *reader, uint64_t count);
/** Little-endian, of 0 to 8 bytes. */
uint64_t wsig_dwarf_fixed(struct wsig_dwarf_reader *reader, unsigned width);
/** LEB128 (7.6). What does not fit into 64 bits is a failure. */
uint64_t wsig_dwarf_uleb(struct wsig_dwarf_reader *reader);
int64_t wsig_dwarf_sleb(struct wsig_dwarf_reader *reader);
/** Passes over a string that a zero byte ends. */
void wsig_dwarf_skip_string(struct wsig_dwarf_reader *reader);

/** A unit, table or contribution, which says how long it is (7.2.2). */
struct wsig_dwarf_frame {
  size_t start;        /* of the length itself */
  size_t body, end;    /* what the length counts */
  uint8_t offset_size; /* 4, or 8: the 64-bit format (7.4) */
};

/** Reads a length. The reader stands behind it, and its own end stays. */
struct wsig_dwarf_frame wsig_dwarf_read_frame(struct wsig_dwarf_reader *reader);

/** Whether a number can be written with so many bytes. */
bool wsig_dwarf_fits(uint64_t value, unsigned width);
/** Writes a number, little-endian, where there is room for it. */
void wsig_dwarf_put(uint8_t *to, unsigned width, uint64_t value);
/** Writes LEB128 of exactly so many bytes: whether it fits. */
bool wsig_dwarf_put_uleb(uint8_t *to, size_t width, uint64_t value);

#endif
