/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tables of addresses in which no byte moves: .debug_ranges and .debug_loc of
 * DWARF 2 to 4 (DWARF 4: 2.17.3, 2.6.2), and .debug_aranges (6.1.2).
 */
#include "dwarf/parts.h"

/* ------------------------------------------------------ ranges, locations */

struct pairs {
  struct wsig_dwarf *dwarf;
  enum wsig_dwarf_part part;
  struct wsig_dwarf_reader reader;
  unsigned size; /* of an address */
};

static bool malformed(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part) {
  return wsig_dwarf_refuse(dwarf, part == WSIG_DWARF_RANGES
                                      ? "a .debug_ranges that is malformed"
                                      : "a .debug_loc that is malformed");
}

static bool patch_pair(struct pairs *pairs, size_t at, uint64_t start,
                       uint64_t end) {
  return wsig_dwarf_patch(pairs->dwarf, pairs->part, at, pairs->size, start) &&
         wsig_dwarf_patch(pairs->dwarf, pairs->part, at + pairs->size,
                          pairs->size, end);
}

/* Up to the pair of zeros that ends the list, which is included. If the start
 * is the greatest address, the end is a new base. Linkers write one less (-2)
 * for dropped code, so that it is not mistaken for a base. */
static bool move_list(struct pairs *pairs, uint64_t base) {
  struct wsig_dwarf_reader *reader = &pairs->reader;
  unsigned size = pairs->size;
  for (;;) {
    size_t at = reader->at;
    uint64_t start = wsig_dwarf_fixed(reader, size);
    uint64_t end = wsig_dwarf_fixed(reader, size);
    if (reader->failed) return malformed(pairs->dwarf, pairs->part);
    if (start == 0 && end == 0) return true;
    if (start == UINT64_MAX >> (64 - 8 * size)) {
      base = end;
      end = wsig_dwarf_moved(pairs->dwarf, base);
      if (!patch_pair(pairs, at, start, end)) return false;
      continue;
    }
    wsig_dwarf_move_pair(pairs->dwarf, base, size, &start, &end);
    if (!patch_pair(pairs, at, start, end)) return false;
    if (pairs->part == WSIG_DWARF_LOC)
      wsig_dwarf_skip(reader, wsig_dwarf_fixed(reader, 2));
  }
}

bool wsig_dwarf_move_ranges(struct wsig_dwarf *dwarf,
                            enum wsig_dwarf_part part) {
  if (!wsig_dwarf_sort_lists(dwarf, part) || !wsig_dwarf_copy(dwarf, part))
    return false;
  const struct wsig_dwarf_lists *lists = &dwarf->lists[part];
  struct pairs pairs = {
      .dwarf = dwarf, .part = part, .reader = wsig_dwarf_open(dwarf, part)};
  for (size_t i = 0; i < lists->count; i++) {
    const struct wsig_dwarf_list *list = &lists->items[i];
    /* A list that begins inside of another one might be moved twice. */
    if (list->offset < pairs.reader.at || list->offset > pairs.reader.end)
      return malformed(dwarf, part);
    pairs.reader.at = (size_t)list->offset;
    pairs.size = list->address_size;
    if (!move_list(&pairs, list->base)) return false;
  }
  return true;
}

/* ----------------------------------------------------------------- aranges */

/* Pairs of an address and a length, up to a pair of zeros (6.1.2). */
static bool move_set(struct wsig_dwarf *dwarf, struct wsig_dwarf_reader *reader,
                     const struct wsig_dwarf_frame *frame) {
  uint64_t version = wsig_dwarf_fixed(reader, 2);
  wsig_dwarf_skip(reader, frame->offset_size); /* offset of the unit */
  unsigned size = (unsigned)wsig_dwarf_fixed(reader, 1);
  uint64_t segment = wsig_dwarf_fixed(reader, 1);
  if (reader->failed || version != 2 || segment != 0 ||
      (size != 4 && size != 8))
    return false;
  size_t excess = (reader->at - frame->start) % ((size_t)2 * size);
  if (excess > 0) wsig_dwarf_skip(reader, (size_t)2 * size - excess);
  for (;;) {
    size_t at = reader->at;
    uint64_t start = wsig_dwarf_fixed(reader, size);
    uint64_t length = wsig_dwarf_fixed(reader, size);
    if (reader->failed) return false;
    if (start == 0 && length == 0) return true;
    if (!wsig_dwarf_is_code(dwarf, start)) continue;
    length = wsig_dwarf_moved_offset(dwarf, start, length, size);
    start = wsig_dwarf_moved(dwarf, start);
    if (!wsig_dwarf_patch(dwarf, WSIG_DWARF_ARANGES, at, size, start) ||
        !wsig_dwarf_patch(dwarf, WSIG_DWARF_ARANGES, at + size, size, length))
      return false;
  }
}

bool wsig_dwarf_move_aranges(struct wsig_dwarf *dwarf) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, WSIG_DWARF_ARANGES);
  if (!wsig_dwarf_copy(dwarf, WSIG_DWARF_ARANGES)) return false;
  while (reader.at < reader.end) {
    struct wsig_dwarf_frame frame = wsig_dwarf_read_frame(&reader);
    struct wsig_dwarf_reader set = reader;
    set.end = frame.end;
    if (reader.failed || !move_set(dwarf, &set, &frame))
      return wsig_dwarf_refuse(dwarf, "a .debug_aranges that is malformed");
    reader.at = frame.end;
  }
  return true;
}
