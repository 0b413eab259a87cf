/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Moves: where the bytes of the code section stand after some were put in.
 *
 * Offsets are relative to the payload of the code section, as addresses in
 * DWARF are. Bytes are only added, so `by` never falls.
 */
#ifndef WSIG_INSTRUMENT_MOVES_H
#define WSIG_INSTRUMENT_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Old bytes from `from` on, up to the next one's `from`, stand `by` bytes
 * further on. Those before the first stay where they are. */
struct wsig_move {
  uint64_t from;
  uint64_t by;
};

/** All zeros: nothing moved. `failed` sticks: out of memory. */
struct wsig_moves {
  struct wsig_move *moves;
  size_t count, capacity;
  bool failed;
};

/** In ascending order of `from`; of two with the same, the later counts. */
void wsig_moves_add(struct wsig_moves *moves, uint64_t from, uint64_t by);
/** Where the byte that was at `old` stands now. */
uint64_t wsig_moved(const struct wsig_moves *moves, uint64_t old);
void wsig_moves_release(struct wsig_moves *moves);

#endif
