/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Moves: where the bytes of the code section stand after some were put in.
 *
 * Offsets are relative to the payload of the code section, as addresses in
 * DWARF are. Bytes are only added, so `by` never falls.
 */
#ifndef WSIG_INSTRUMENT_OFFSET_MAP_H
#define WSIG_INSTRUMENT_OFFSET_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Old bytes from `from` on, up to the next one's `from`, stand `by` bytes
 * further on. Those before the first stay where they are. */
struct wsig_offset_map_entry {
  uint64_t from;
  uint64_t by;
};

/** All zeros: nothing moved. `failed` sticks: out of memory. */
struct wsig_offset_map {
  struct wsig_offset_map_entry *entries;
  size_t count, capacity;
  bool failed;
};

/** In ascending order of `from`; of two with the same, the later counts. */
void wsig_offset_map_add(struct wsig_offset_map *map, uint64_t from,
                         uint64_t by);
/** Where the byte that was at `old` stands now. */
uint64_t wsig_offset_map_apply(const struct wsig_offset_map *map, uint64_t old);
void wsig_offset_map_release(struct wsig_offset_map *map);

#endif
