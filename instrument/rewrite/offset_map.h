/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Offset map: the new positions of the bytes of the code section.
 *
 * Offsets are relative to the payload of the code section, as addresses in
 * DWARF are. Bytes are only inserted, so `by` never decreases.
 */
#ifndef WSIG_INSTRUMENT_OFFSET_MAP_H
#define WSIG_INSTRUMENT_OFFSET_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Old bytes from `from` up to the next entry's `from` move `by` bytes towards
 * the end. Bytes before the first entry do not move. */
struct wsig_offset_map_entry {
  uint64_t from;
  uint64_t by;
};

/** Zeroed: no byte moves. If memory runs out, `failed` is set and stays set. */
struct wsig_offset_map {
  struct wsig_offset_map_entry *entries;
  size_t count, capacity;
  bool failed;
};

/** In ascending order of `from`. If two have the same, the later one counts. */
void wsig_offset_map_add(struct wsig_offset_map *map, uint64_t from,
                         uint64_t by);
/** The new position of the byte that was at `old`. */
uint64_t wsig_offset_map_apply(const struct wsig_offset_map *map, uint64_t old);
void wsig_offset_map_release(struct wsig_offset_map *map);

#endif
