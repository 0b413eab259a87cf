/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the parts of the DWARF mover share.
 *
 * Each reads from a section's old bytes and writes into its new ones, so that
 * whatever is met twice comes out the same. In .debug_info, .debug_types,
 * .debug_addr, .debug_aranges, .debug_ranges, .debug_loc and .debug_macro no
 * byte moves: they are copied and written into. .debug_line, .debug_rnglists
 * and .debug_loclists hold distances in LEB128, which may grow: these are
 * written anew, with a list of what went where (`places`), from which the
 * offsets into them are corrected last (`fixups`).
 *
 * Section numbers are those of the DWARF 5 standard; older versions differ
 * where a comment says so.
 */
#ifndef WSIG_INSTRUMENT_DWARF_PARTS_H
#define WSIG_INSTRUMENT_DWARF_PARTS_H

#include "dwarf/dwarf.h"
#include "dwarf/read.h"

enum wsig_dwarf_part {
  WSIG_DWARF_INFO,
  WSIG_DWARF_TYPES,
  WSIG_DWARF_ABBREV,
  WSIG_DWARF_ADDR,
  WSIG_DWARF_LINE,
  WSIG_DWARF_RANGES,
  WSIG_DWARF_RNGLISTS,
  WSIG_DWARF_LOC,
  WSIG_DWARF_LOCLISTS,
  WSIG_DWARF_ARANGES,
  WSIG_DWARF_MACRO,
  WSIG_DWARF_PARTS
};

/** What stood at `from` in a section that is written anew. */
struct wsig_dwarf_place {
  uint64_t from, to;
};

/** An offset into such a section: it stands at `at` in another one. */
struct wsig_dwarf_fixup {
  enum wsig_dwarf_part in, into;
  size_t at;
  unsigned width;
  uint64_t from;
};

/** A list of ranges or locations that an entry refers to. */
struct wsig_dwarf_list {
  uint64_t offset;
  uint64_t base;      /* the unit's base address (3.1.1) */
  uint64_t addr_base; /* where its addresses start in .debug_addr */
  bool has_addr_base;
  uint8_t address_size;
};

struct wsig_dwarf_lists {
  struct wsig_dwarf_list *items;
  size_t count, capacity;
};

struct wsig_dwarf {
  const struct wsig_offset_map *map;
  uint64_t code_length;
  struct wsig_custom *parts[WSIG_DWARF_PARTS]; /* NULL: not there */
  struct {
    struct wsig_dwarf_place *items; /* `from` ascends */
    size_t count, capacity;
  } places[WSIG_DWARF_PARTS];
  struct {
    struct wsig_dwarf_fixup *items;
    size_t count, capacity;
  } fixups;
  struct wsig_dwarf_lists lists[WSIG_DWARF_PARTS];
  const char *why; /* the first thing that could not be followed */
  bool no_memory;
};

/* ------------------------------------------------------------------ move.c */

/** Always false: for `return`. */
bool wsig_dwarf_refuse(struct wsig_dwarf *dwarf, const char *why);
/** Room for one more of `size` bytes in a vector: its new memory, or NULL. */
void *wsig_dwarf_grow(struct wsig_dwarf *dwarf, void *items, size_t count,
                      size_t *capacity, size_t size);
bool wsig_dwarf_add_place(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                          uint64_t from, uint64_t to);
/** Where it went: false if nothing stood there. */
bool wsig_dwarf_find_place(const struct wsig_dwarf *dwarf,
                           enum wsig_dwarf_part part, uint64_t from,
                           uint64_t *to);
bool wsig_dwarf_add_fixup(struct wsig_dwarf *dwarf,
                          const struct wsig_dwarf_fixup *fixup);
bool wsig_dwarf_apply_fixups(struct wsig_dwarf *dwarf);
bool wsig_dwarf_add_list(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                         const struct wsig_dwarf_list *list);
/** By offset, each once. False if one has two base addresses. */
bool wsig_dwarf_sort_lists(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);

/** Of a part that may be missing: then there is nothing to read. */
struct wsig_dwarf_reader wsig_dwarf_open(const struct wsig_dwarf *dwarf,
                                         enum wsig_dwarf_part part);
/** Starts the new payload as a copy of the old. */
bool wsig_dwarf_copy(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);
/** Writes into a copy. The place was read before, so it is there. */
bool wsig_dwarf_patch(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                      size_t at, unsigned width, uint64_t value);

/** Whether it is code. The linker writes -1, -2 (.debug_ranges, .debug_loc) or
 * 0 for what it dropped: such stay as they are. */
bool wsig_dwarf_is_code(const struct wsig_dwarf *dwarf, uint64_t address);
/** Where an address went. */
uint64_t wsig_dwarf_moved(const struct wsig_dwarf *dwarf, uint64_t address);
/** A distance from `base` (0: an address itself) after both ends moved. */
uint64_t wsig_dwarf_moved_offset(const struct wsig_dwarf *dwarf, uint64_t base,
                                 uint64_t offset, unsigned address_size);
/** Moves the two ends of a range, both distances from `base`. */
void wsig_dwarf_move_pair(const struct wsig_dwarf *dwarf, uint64_t base,
                          unsigned address_size, uint64_t *start,
                          uint64_t *end);
/** Reads an address of the pool (7.27), which is code, and moves it there. */
bool wsig_dwarf_pool_address(struct wsig_dwarf *dwarf,
                             const struct wsig_dwarf_list *unit, uint64_t index,
                             uint64_t *address);

/* ------------------------------------------------------------ the sections */

/** .debug_line: line.c. */
bool wsig_dwarf_move_lines(struct wsig_dwarf *dwarf);
/** .debug_info or .debug_types: info.c. Finds lists and fixups. */
bool wsig_dwarf_move_info(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);
/** .debug_rnglists or .debug_loclists: lists.c. */
bool wsig_dwarf_move_lists(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);
/** .debug_ranges or .debug_loc: ranges.c. */
bool wsig_dwarf_move_ranges(struct wsig_dwarf *dwarf,
                            enum wsig_dwarf_part part);
/** .debug_aranges: ranges.c. */
bool wsig_dwarf_move_aranges(struct wsig_dwarf *dwarf);
/** .debug_macro: macro.c. */
bool wsig_dwarf_move_macros(struct wsig_dwarf *dwarf);

#endif
