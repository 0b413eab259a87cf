/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * .debug_rnglists and .debug_loclists of DWARF 5 (2.17.3, 2.6.2, 7.25, 7.28,
 * 7.29).
 *
 * A section contains one table after another. Each table is a header, the
 * offsets of its lists, and the lists, one after another. A list is changed if
 * an entry of .debug_info refers to it, because that gives the list's base
 * address. No entry uses the other lists, so they are copied.
 */
#include "dwarf/parts.h"

enum operand { NOTHING, ADDRESS, INDEX, OFFSET };

/** The kinds of list entries: the codes of the standard for both sections. */
struct kind {
  enum operand start, end;
  bool is_base;
  bool has_length; /* `end` is a distance from `start` */
  bool has_expression;
};

static const struct kind range_kinds[] = {
    {NOTHING, NOTHING, false, false, false}, /* end_of_list */
    {INDEX, NOTHING, true, false, false},    /* base_addressx */
    {INDEX, INDEX, false, false, false},     /* startx_endx */
    {INDEX, OFFSET, false, true, false},     /* startx_length */
    {OFFSET, OFFSET, false, false, false},   /* offset_pair */
    {ADDRESS, NOTHING, true, false, false},  /* base_address */
    {ADDRESS, ADDRESS, false, false, false}, /* start_end */
    {ADDRESS, OFFSET, false, true, false},   /* start_length */
};

static const struct kind location_kinds[] = {
    {NOTHING, NOTHING, false, false, false}, /* end_of_list */
    {INDEX, NOTHING, true, false, false},    /* base_addressx */
    {INDEX, INDEX, false, false, true},      /* startx_endx */
    {INDEX, OFFSET, false, true, true},      /* startx_length */
    {OFFSET, OFFSET, false, false, true},    /* offset_pair */
    {NOTHING, NOTHING, false, false, true},  /* default_location */
    {ADDRESS, NOTHING, true, false, false},  /* base_address */
    {ADDRESS, ADDRESS, false, false, true},  /* start_end */
    {ADDRESS, OFFSET, false, true, true},    /* start_length */
};

struct table {
  struct wsig_dwarf *dwarf;
  enum wsig_dwarf_part part;
  struct wsig_dwarf_reader reader;
  struct wsig_bytes *out;
  uint8_t address_size;
  const struct wsig_dwarf_list *list; /* the current one; NULL: unused */
  uint64_t base;
};

static bool malformed(struct table *table) {
  return wsig_dwarf_refuse(table->dwarf,
                           table->part == WSIG_DWARF_RNGLISTS
                               ? "a .debug_rnglists that is malformed"
                               : "a .debug_loclists that is malformed");
}

/* ----------------------------------------------------------------- entries */

static uint64_t read_operand(struct table *table, enum operand operand) {
  if (operand == NOTHING) return 0;
  if (operand == ADDRESS)
    return wsig_dwarf_fixed(&table->reader, table->address_size);
  return wsig_dwarf_uleb(&table->reader);
}

static void put_operand(struct table *table, enum operand operand,
                        uint64_t value) {
  uint8_t bytes[8];
  wsig_dwarf_put(bytes, table->address_size, value);
  if (operand == ADDRESS)
    wsig_bytes_append(table->out, bytes, table->address_size);
  else if (operand != NOTHING)
    wsig_bytes_u32(table->out, value);
}

/* The address that an operand means. */
static bool address_of(struct table *table, enum operand operand,
                       uint64_t value, uint64_t *address) {
  *address = value;
  return operand != INDEX ||
         wsig_dwarf_pool_address(table->dwarf, table->list, value, address);
}

/* Writes both operands after both ends moved. An index does not change: its
 * address in .debug_addr does. */
static bool move_operands(struct table *table, const struct kind *kind,
                          uint64_t *start, uint64_t *end) {
  const struct wsig_dwarf *dwarf = table->dwarf;
  uint64_t from, to;
  if (kind->start == OFFSET) {
    wsig_dwarf_move_pair(dwarf, table->base, table->address_size, start, end);
    return true;
  }
  if (!address_of(table, kind->start, *start, &from)) return false;
  if (kind->is_base) table->base = from;
  if (kind->has_length && wsig_dwarf_is_code(dwarf, from))
    *end = wsig_dwarf_moved_offset(dwarf, from, *end, table->address_size);
  if (kind->end == INDEX) return address_of(table, INDEX, *end, &to);
  if (kind->start == ADDRESS) {
    if (kind->end == ADDRESS && wsig_dwarf_is_code(dwarf, from))
      *end = wsig_dwarf_moved(dwarf, *end);
    *start = wsig_dwarf_moved(dwarf, from);
  }
  return true;
}

static bool move_entry(struct table *table, const struct kind *kind) {
  struct wsig_dwarf_reader *reader = &table->reader;
  size_t at = reader->at;
  uint64_t start = read_operand(table, kind->start), old_start = start;
  uint64_t end = read_operand(table, kind->end), old_end = end;
  if (reader->failed) return malformed(table);
  if (table->list && !move_operands(table, kind, &start, &end)) return false;
  if (start == old_start && end == old_end) {
    wsig_bytes_append(table->out, reader->data + at, reader->at - at);
  } else {
    put_operand(table, kind->start, start);
    put_operand(table, kind->end, end);
  }
  if (!kind->has_expression) return true;
  at = reader->at;
  wsig_dwarf_skip(reader, wsig_dwarf_uleb(reader));
  if (reader->failed) return malformed(table);
  wsig_bytes_append(table->out, reader->data + at, reader->at - at);
  return true;
}

/* ------------------------------------------------------------------- lists */

/* Up to the list's end, which is included. */
static bool move_list(struct table *table) {
  bool is_range = table->part == WSIG_DWARF_RNGLISTS;
  const struct kind *kinds = is_range ? range_kinds : location_kinds;
  size_t count = is_range ? sizeof range_kinds / sizeof *range_kinds
                          : sizeof location_kinds / sizeof *location_kinds;
  for (;;) {
    uint64_t code = wsig_dwarf_fixed(&table->reader, 1);
    if (table->reader.failed || code >= count) return malformed(table);
    wsig_bytes_byte(table->out, (uint8_t)code);
    if (code == 0) return true;
    if (!move_entry(table, &kinds[code])) return false;
  }
}

/* All lists up to the table's end. `next` is the first list that an entry
 * refers to and that was not reached yet. If no list begins at its offset, it
 * is still the next one at the end of the section, which is refused. */
static bool move_all(struct table *table, size_t *next) {
  struct wsig_dwarf *dwarf = table->dwarf;
  const struct wsig_dwarf_lists *lists = &dwarf->lists[table->part];
  while (table->reader.at < table->reader.end) {
    size_t at = table->reader.at;
    table->list = NULL;
    if (*next < lists->count && lists->items[*next].offset == at) {
      table->list = &lists->items[(*next)++];
      table->base = table->list->base;
      if (table->list->address_size != table->address_size)
        return malformed(table);
    }
    if (!wsig_dwarf_add_place(dwarf, table->part, at, table->out->length) ||
        !move_list(table))
      return false;
  }
  return true;
}

/* ------------------------------------------------------------------ tables */

/* The offsets at the table's start, relative to `old` and to `new`. */
static bool move_offsets(struct table *table, size_t old, size_t new,
                         uint64_t count, uint8_t width) {
  struct wsig_dwarf *dwarf = table->dwarf;
  struct wsig_dwarf_reader reader = table->reader;
  reader.at = old;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t offset = wsig_dwarf_fixed(&reader, width), to;
    if (!wsig_dwarf_find_place(dwarf, table->part, old + offset, &to))
      return malformed(table);
    if (!wsig_dwarf_patch(dwarf, table->part, new + (size_t)i *width, width,
                          to - new))
      return false;
  }
  return true;
}

static bool move_table(struct table *table,
                       const struct wsig_dwarf_frame *frame, size_t *next) {
  struct wsig_dwarf *dwarf = table->dwarf;
  struct wsig_dwarf_reader *reader = &table->reader;
  size_t new_start = table->out->length;
  uint64_t version = wsig_dwarf_fixed(reader, 2);
  table->address_size = (uint8_t)wsig_dwarf_fixed(reader, 1);
  uint64_t segment = wsig_dwarf_fixed(reader, 1);
  uint64_t count = wsig_dwarf_fixed(reader, 4);
  size_t head = reader->at;
  wsig_dwarf_skip(reader, count * frame->offset_size);
  if (reader->failed || version != 5 || segment != 0 ||
      (table->address_size != 4 && table->address_size != 8))
    return malformed(table);
  wsig_bytes_append(table->out, reader->data + frame->start,
                    reader->at - frame->start);
  size_t new_head = new_start + (head - frame->start);
  if (!wsig_dwarf_add_place(dwarf, table->part, head, new_head) ||
      !move_all(table, next))
    return false;
  if (table->out->failed) {
    dwarf->no_memory = true;
    return false;
  }
  size_t new_body = new_start + (frame->body - frame->start);
  return move_offsets(table, head, new_head, count, frame->offset_size) &&
         wsig_dwarf_patch(dwarf, table->part, new_body - frame->offset_size,
                          frame->offset_size, table->out->length - new_body);
}

bool wsig_dwarf_move_lists(struct wsig_dwarf *dwarf,
                           enum wsig_dwarf_part part) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, part);
  size_t next = 0;
  if (!wsig_dwarf_sort_lists(dwarf, part)) return false;
  while (reader.at < reader.end) {
    struct wsig_dwarf_frame frame = wsig_dwarf_read_frame(&reader);
    struct table table = {.dwarf = dwarf,
                          .part = part,
                          .reader = reader,
                          .out = &dwarf->parts[part]->moved};
    table.reader.end = frame.end;
    if (reader.failed) return malformed(&table);
    if (!move_table(&table, &frame, &next)) return false;
    reader.at = frame.end;
  }
  return next == dwarf->lists[part].count ||
         wsig_dwarf_refuse(dwarf, "a list that does not exist");
}
