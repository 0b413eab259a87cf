/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The types and functions that the parts of the DWARF mover share.
 *
 * Each part reads a section's old bytes and writes its new bytes. So an address
 * that is reached twice gets the same new value.
 *
 * In .debug_info, .debug_types, .debug_addr, .debug_aranges, .debug_ranges,
 * .debug_loc and .debug_macro no byte moves: these are copied, and numbers in
 * the copy are replaced. .debug_line, .debug_rnglists and .debug_loclists
 * contain distances in LEB128, which may become longer: these are rewritten.
 * `places` lists the old and new positions in them. With it, the offsets into
 * these sections (`fixups`) are corrected at the end.
 *
 * Section numbers are those of the DWARF 5 standard, unless a comment names an
 * older version.
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

/** The new position `to` of what was at `from` in a rewritten section. */
struct wsig_dwarf_place {
  uint64_t from, to;
};

/** An offset into a rewritten section. It is at `at` in another section. */
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
  uint64_t addr_base; /* where its addresses begin in .debug_addr */
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
  struct wsig_custom *parts[WSIG_DWARF_PARTS]; /* NULL: the module has none */
  struct {
    struct wsig_dwarf_place *items; /* in ascending order of `from` */
    size_t count, capacity;
  } places[WSIG_DWARF_PARTS];
  struct {
    struct wsig_dwarf_fixup *items;
    size_t count, capacity;
  } fixups;
  struct wsig_dwarf_lists lists[WSIG_DWARF_PARTS];
  const char *why; /* the first thing that is not supported */
  bool no_memory;
};

/* ------------------------------------------------------------------ move.c */

/** Always returns false, for use in `return`. */
bool wsig_dwarf_refuse(struct wsig_dwarf *dwarf, const char *why);
/** Makes space for one more item of `size` bytes: its new memory, or NULL. */
void *wsig_dwarf_grow(struct wsig_dwarf *dwarf, void *items, size_t count,
                      size_t *capacity, size_t size);
bool wsig_dwarf_add_place(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                          uint64_t from, uint64_t to);
/** The new position. False: nothing began at the old one. */
bool wsig_dwarf_find_place(const struct wsig_dwarf *dwarf,
                           enum wsig_dwarf_part part, uint64_t from,
                           uint64_t *to);
bool wsig_dwarf_add_fixup(struct wsig_dwarf *dwarf,
                          const struct wsig_dwarf_fixup *fixup);
bool wsig_dwarf_apply_fixups(struct wsig_dwarf *dwarf);
bool wsig_dwarf_add_list(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                         const struct wsig_dwarf_list *list);
/** By offset, without duplicates. False: a list has two base addresses. */
bool wsig_dwarf_sort_lists(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);

/** If the module has no such part, there is nothing to read. */
struct wsig_dwarf_reader wsig_dwarf_open(const struct wsig_dwarf *dwarf,
                                         enum wsig_dwarf_part part);
/** Begins the new payload as a copy of the old one. */
bool wsig_dwarf_copy(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part);
/** Replaces a number in a copy. It was read before, so it exists. */
bool wsig_dwarf_patch(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                      size_t at, unsigned width, uint64_t value);

/** Whether it is an address of code. For dropped code, the linker writes -1, -2
 * (.debug_ranges, .debug_loc) or 0. These do not change. */
bool wsig_dwarf_is_code(const struct wsig_dwarf *dwarf, uint64_t address);
/** The new address. */
uint64_t wsig_dwarf_moved(const struct wsig_dwarf *dwarf, uint64_t address);
/** A distance from `base` (with base 0: an address) after both ends moved. */
uint64_t wsig_dwarf_moved_offset(const struct wsig_dwarf *dwarf, uint64_t base,
                                 uint64_t offset, unsigned address_size);
/** Moves both ends of a range, which are distances from `base`. */
void wsig_dwarf_move_pair(const struct wsig_dwarf *dwarf, uint64_t base,
                          unsigned address_size, uint64_t *start,
                          uint64_t *end);
/** Reads a code address from the pool (7.27), and moves it in the pool. */
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
