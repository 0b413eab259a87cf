/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * .debug_info and .debug_types: the entries, and the addresses in them.
 *
 * The name of an attribute says whether it contains addresses of code (7.5.4);
 * its form says how the address is encoded. If an attribute is unknown and
 * contains an address or an offset into another section, it is refused, because
 * it might be an address of code or lead to one.
 *
 * Expressions contain addresses of data (DW_OP_addr, DW_OP_addrx), which do not
 * change. The only exception that LLVM writes is a template argument that is a
 * function.
 */
#include <stdlib.h>

#include "dwarf/forms.h"

enum { /* 7.5.4 */
       AT_LOCATION = 0x02,
       AT_STMT_LIST = 0x10,
       AT_LOW_PC = 0x11,
       AT_HIGH_PC = 0x12,
       AT_STRING_LENGTH = 0x19,
       AT_RETURN_ADDR = 0x2a,
       AT_START_SCOPE = 0x2c,
       AT_DATA_MEMBER_LOCATION = 0x38,
       AT_FRAME_BASE = 0x40,
       AT_MACRO_INFO = 0x43,
       AT_SEGMENT = 0x46,
       AT_STATIC_LINK = 0x48,
       AT_TYPE = 0x49,
       AT_USE_LOCATION = 0x4a,
       AT_VTABLE_ELEM_LOCATION = 0x4d,
       AT_ENTRY_PC = 0x52,
       AT_RANGES = 0x55,
       AT_TRAMPOLINE = 0x56,
       AT_STR_OFFSETS_BASE = 0x72,
       AT_ADDR_BASE = 0x73,
       AT_RNGLISTS_BASE = 0x74,
       AT_DWO_NAME = 0x76,
       AT_MACROS = 0x79,
       AT_CALL_RETURN_PC = 0x7d,
       AT_CALL_PC = 0x81,
       AT_LOCLISTS_BASE = 0x8c,
       AT_GNU_MACROS = 0x2119,
       AT_GNU_DWO_NAME = 0x2130,
       AT_GNU_ADDR_BASE = 0x2133
};
enum role {
  OTHER,
  CODE,
  RANGES,
  LINES,
  RNGLISTS,
  LOCLISTS,
  LOCATION,
  SCOPE,
  ELSEWHERE,
  UNMOVED
};
enum { /* 7.5.3 */
       TAG_POINTER_TYPE = 0x0f,
       TAG_REFERENCE_TYPE = 0x10,
       TAG_SUBROUTINE_TYPE = 0x15,
       TAG_TYPEDEF = 0x16,
       TAG_CONST_TYPE = 0x26,
       TAG_TEMPLATE_VALUE_PARAMETER = 0x30,
       TAG_RVALUE_REFERENCE_TYPE = 0x42
};
enum { OP_ADDR = 0x03, OP_STACK_VALUE = 0x9f, OP_ADDRX = 0xa1 }; /* 7.7.1 */
enum { UNIT_TYPE = 2, UNIT_SKELETON = 4 };                       /* 7.5.1 */

struct entry {
  uint64_t tag;
  struct wsig_dwarf_value *values;
  size_t count, capacity;
};

struct unit {
  struct wsig_dwarf *dwarf;
  enum wsig_dwarf_part part;
  struct wsig_dwarf_frame frame;
  struct wsig_dwarf_reader reader;
  struct wsig_dwarf_widths widths;
  struct wsig_dwarf_tables tables;
  const struct wsig_dwarf_abbreviations *abbreviations;
  struct wsig_dwarf_list list; /* the values that all its lists share */
  uint64_t rnglists_base, loclists_base;
  bool is_opened; /* its first entry, which describes it, was read */
  struct entry entry, type;
  size_t section_length;
  uint64_t bytes_followed; /* of types that were followed */
};

static bool malformed(struct unit *unit) {
  return wsig_dwarf_refuse(unit->dwarf, "a .debug_info that is malformed");
}

/* ----------------------------------------------------------------- entries */

/* Code 0 ends a list of children. It becomes an entry with tag 0. */
static bool read_entry(struct unit *unit, struct wsig_dwarf_reader *reader,
                       struct entry *entry) {
  uint64_t code = wsig_dwarf_uleb(reader);
  entry->tag = 0;
  entry->count = 0;
  if (code == 0) return !reader->failed || malformed(unit);
  const struct wsig_dwarf_abbreviations *table = unit->abbreviations;
  const struct wsig_dwarf_abbreviation *abbreviation =
      wsig_dwarf_find_abbreviation(table, code);
  if (!abbreviation) return malformed(unit);
  entry->tag = abbreviation->tag;
  for (size_t i = 0; i < abbreviation->count; i++) {
    struct wsig_dwarf_value *values =
        wsig_dwarf_grow(unit->dwarf, entry->values, entry->count,
                        &entry->capacity, sizeof *values);
    if (!values) return false;
    entry->values = values;
    if (!wsig_dwarf_read_value(reader, &table->specs[abbreviation->first + i],
                               &unit->widths, &values[entry->count++]))
      return wsig_dwarf_refuse(
          unit->dwarf, reader->failed ? "a .debug_info that is malformed"
                                      : "an attribute of an unknown form");
  }
  return true;
}

static const struct wsig_dwarf_value *find(const struct entry *entry,
                                           uint64_t name) {
  for (size_t i = 0; i < entry->count; i++)
    if (entry->values[i].name == name) return &entry->values[i];
  return NULL;
}

/* --------------------------------------------------------------- addresses */

/* Replaces a number by another one in the same form. */
static bool patch(struct unit *unit, const struct wsig_dwarf_value *value,
                  uint64_t number) {
  size_t width = value->end - value->at;
  uint8_t *to = unit->dwarf->parts[unit->part]->moved.data + value->at;
  bool is_signed = value->form == WSIG_FORM_SDATA;
  if (number == value->number) return true;
  if (!is_signed && value->form != WSIG_FORM_UDATA)
    return wsig_dwarf_patch(unit->dwarf, unit->part, value->at, (unsigned)width,
                            number);
  bool is_negative = is_signed && width < 10 && number >> (7 * width - 1);
  if (is_negative || !wsig_dwarf_put_uleb(to, width, number))
    return wsig_dwarf_refuse(unit->dwarf,
                             "a number that no longer fits its bytes");
  return true;
}

/* Moves an address of code, in the entry or in .debug_addr, and returns the old
 * one. */
static bool move_address(struct unit *unit,
                         const struct wsig_dwarf_value *value,
                         uint64_t *address) {
  struct wsig_dwarf *dwarf = unit->dwarf;
  if (value->form == WSIG_FORM_ADDR) {
    *address = value->number;
    return patch(unit, value, wsig_dwarf_moved(dwarf, value->number));
  }
  if (!wsig_dwarf_pool_address(dwarf, &unit->list, value->number, address))
    return false;
  if (value->form != WSIG_FORM_LLVM_ADDRX_OFFSET) return true;
  uint64_t offset = value->offset, base = *address;
  *address += offset;
  if (!wsig_dwarf_is_code(dwarf, base)) return true;
  offset = wsig_dwarf_moved_offset(dwarf, base, offset, unit->widths.address);
  return wsig_dwarf_patch(dwarf, unit->part, value->end - 4, 4, offset);
}

/* A distance from the entry's low_pc (2.17.2, DW_AT_high_pc as a constant). */
static bool move_distance(struct unit *unit, const struct entry *entry,
                          const struct wsig_dwarf_value *value) {
  const struct wsig_dwarf_value *low = find(entry, AT_LOW_PC);
  uint64_t base;
  if (!low || !wsig_dwarf_is_address(low))
    return wsig_dwarf_refuse(unit->dwarf,
                             "a length of code that does not say where it "
                             "starts");
  if (!move_address(unit, low, &base)) return false;
  if (!wsig_dwarf_is_code(unit->dwarf, base)) return true;
  return patch(unit, value,
               wsig_dwarf_moved_offset(unit->dwarf, base, value->number,
                                       unit->widths.address));
}

static bool move_code(struct unit *unit, const struct entry *entry,
                      const struct wsig_dwarf_value *value) {
  uint64_t address;
  if (wsig_dwarf_is_address(value)) return move_address(unit, value, &address);
  bool may_be_distance =
      value->name == AT_HIGH_PC || value->name == AT_ENTRY_PC;
  if (may_be_distance && wsig_dwarf_is_constant(value))
    return move_distance(unit, entry, value);
  if (value->name == AT_TRAMPOLINE) return true; /* a name, a flag (3.3.9) */
  return wsig_dwarf_refuse(unit->dwarf,
                           "an address of code in an unsupported form");
}

/* --------------------------------------------------- functions as arguments */

static bool is_transparent(uint64_t tag) {
  return tag == TAG_POINTER_TYPE || tag == TAG_REFERENCE_TYPE ||
         tag == TAG_RVALUE_REFERENCE_TYPE || tag == TAG_TYPEDEF ||
         tag == TAG_CONST_TYPE;
}

static bool is_in_unit(const struct wsig_dwarf_value *value) {
  return value && value->form >= WSIG_FORM_REF1 &&
         value->form <= WSIG_FORM_REF_UDATA;
}

/* Whether the type is a pointer to a function. Types with long names take many
 * bytes, and each argument may refer to the same type. So the total number of
 * bytes that are read here is limited to a multiple of the section's length. */
enum { FOLLOWED_MOST = 64 };

static bool is_of_function(struct unit *unit,
                           const struct wsig_dwarf_value *type, bool *result) {
  *result = false;
  for (int depth = 0; depth < 16 && is_in_unit(type); depth++) {
    struct wsig_dwarf_reader reader = unit->reader;
    reader.at = unit->frame.start;
    wsig_dwarf_skip(&reader, type->number);
    size_t start = reader.at;
    if (!read_entry(unit, &reader, &unit->type)) return false;
    unit->bytes_followed += reader.at - start;
    if (unit->bytes_followed / FOLLOWED_MOST > unit->section_length)
      return wsig_dwarf_refuse(unit->dwarf,
                               "types that are looked up too often");
    *result = unit->type.tag == TAG_SUBROUTINE_TYPE;
    if (!is_transparent(unit->type.tag)) break;
    type = find(&unit->type, AT_TYPE);
  }
  return true;
}

/* The value of the argument of `template <void (*f)()>` is an address. For a
 * function, LLVM writes the offset of its code. Otherwise it is data. */
static bool move_argument(struct unit *unit, const struct entry *entry,
                          const struct wsig_dwarf_value *value) {
  struct wsig_dwarf_reader reader = unit->reader;
  bool is_function;
  if (!is_of_function(unit, find(entry, AT_TYPE), &is_function)) return false;
  if (!is_function) return true;
  reader.at = value->at;
  reader.end = value->end;
  uint64_t op = wsig_dwarf_fixed(&reader, 1), address;
  size_t at = reader.at;
  if (op != OP_ADDR && op != OP_ADDRX) return true;
  uint64_t number = op == OP_ADDRX
                        ? wsig_dwarf_uleb(&reader)
                        : wsig_dwarf_fixed(&reader, unit->widths.address);
  if (wsig_dwarf_fixed(&reader, 1) != OP_STACK_VALUE) return true;
  if (op == OP_ADDRX)
    return wsig_dwarf_pool_address(unit->dwarf, &unit->list, number, &address);
  return wsig_dwarf_patch(unit->dwarf, unit->part, at, unit->widths.address,
                          wsig_dwarf_moved(unit->dwarf, number));
}

/* ---------------------------------------------- offsets into other sections */

/* The other section is rewritten, so this offset is corrected at the end. */
static bool fix_offset(struct unit *unit, const struct wsig_dwarf_value *value,
                       enum wsig_dwarf_part into) {
  if (value->form != WSIG_FORM_SEC_OFFSET && value->form != WSIG_FORM_DATA4 &&
      value->form != WSIG_FORM_DATA8)
    return malformed(unit);
  const struct wsig_dwarf_fixup fixup = {
      .in = unit->part,
      .into = into,
      .at = value->at,
      .width = (unsigned)(value->end - value->at),
      .from = value->number};
  return wsig_dwarf_add_fixup(unit->dwarf, &fixup);
}

static bool add_list(struct unit *unit, enum wsig_dwarf_part part,
                     uint64_t offset) {
  struct wsig_dwarf_list list = unit->list;
  list.offset = offset;
  return wsig_dwarf_add_list(unit->dwarf, part, &list);
}

/* An index into the offsets at the start of a section's table (7.28, 7.29). */
static bool add_indexed_list(struct unit *unit, enum wsig_dwarf_part part,
                             uint64_t base, uint64_t index) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(unit->dwarf, part);
  wsig_dwarf_skip(&reader, base);
  if (base == 0 || index > SIZE_MAX / 8) wsig_dwarf_fail(&reader);
  wsig_dwarf_skip(&reader, index * unit->widths.offset);
  uint64_t offset = wsig_dwarf_fixed(&reader, unit->widths.offset);
  if (reader.failed) return malformed(unit);
  return add_list(unit, part, base + offset);
}

static bool see_ranges(struct unit *unit,
                       const struct wsig_dwarf_value *value) {
  if (value->form == WSIG_FORM_RNGLISTX)
    return add_indexed_list(unit, WSIG_DWARF_RNGLISTS, unit->rnglists_base,
                            value->number);
  if (!wsig_dwarf_is_section_offset(value, &unit->widths))
    return wsig_dwarf_refuse(unit->dwarf, "ranges in an unsupported form");
  if (unit->widths.version < 5)
    return add_list(unit, WSIG_DWARF_RANGES, value->number);
  return add_list(unit, WSIG_DWARF_RNGLISTS, value->number) &&
         fix_offset(unit, value, WSIG_DWARF_RNGLISTS);
}

static bool see_location(struct unit *unit, const struct entry *entry,
                         const struct wsig_dwarf_value *value) {
  if (wsig_dwarf_is_block(value))
    return entry->tag != TAG_TEMPLATE_VALUE_PARAMETER ||
           move_argument(unit, entry, value);
  if (value->form == WSIG_FORM_LOCLISTX)
    return add_indexed_list(unit, WSIG_DWARF_LOCLISTS, unit->loclists_base,
                            value->number);
  bool is_plain = value->form != WSIG_FORM_SEC_OFFSET &&
                  value->name == AT_DATA_MEMBER_LOCATION;
  if (is_plain || !wsig_dwarf_is_section_offset(value, &unit->widths))
    return true; /* a constant or a reference */
  if (unit->widths.version < 5)
    return add_list(unit, WSIG_DWARF_LOC, value->number);
  return add_list(unit, WSIG_DWARF_LOCLISTS, value->number) &&
         fix_offset(unit, value, WSIG_DWARF_LOCLISTS);
}

/* An unknown attribute is accepted unless it may have to do with code. */
static bool see_other(struct unit *unit, const struct wsig_dwarf_value *value) {
  if (wsig_dwarf_is_address(value))
    return wsig_dwarf_refuse(unit->dwarf, "an address in an unknown attribute");
  if (value->form == WSIG_FORM_SEC_OFFSET ||
      value->form == WSIG_FORM_RNGLISTX || value->form == WSIG_FORM_LOCLISTX)
    return wsig_dwarf_refuse(unit->dwarf,
                             "an offset into another section in an unknown "
                             "attribute");
  return true;
}

/* How an attribute with this name relates to code. */
static enum role role_of(uint64_t name) {
  switch (name) {
    case AT_LOW_PC:
    case AT_HIGH_PC:
    case AT_ENTRY_PC:
    case AT_CALL_PC:
    case AT_CALL_RETURN_PC:
    case AT_TRAMPOLINE: return CODE;
    case AT_RANGES: return RANGES;
    case AT_STMT_LIST: return LINES;
    case AT_RNGLISTS_BASE: return RNGLISTS;
    case AT_LOCLISTS_BASE: return LOCLISTS;
    case AT_LOCATION:
    case AT_STRING_LENGTH:
    case AT_RETURN_ADDR:
    case AT_DATA_MEMBER_LOCATION:
    case AT_FRAME_BASE:
    case AT_SEGMENT:
    case AT_STATIC_LINK:
    case AT_USE_LOCATION:
    case AT_VTABLE_ELEM_LOCATION: return LOCATION;
    case AT_START_SCOPE: return SCOPE;
    case AT_DWO_NAME:
    case AT_GNU_DWO_NAME: return ELSEWHERE;
    case AT_MACRO_INFO:
    case AT_MACROS:
    case AT_GNU_MACROS:
    case AT_STR_OFFSETS_BASE:
    case AT_ADDR_BASE:
    case AT_GNU_ADDR_BASE: return UNMOVED;
    default: return OTHER;
  }
}

/* Flags, and constants in abbreviations, do not matter to see_other(). */
static bool matters(uint64_t name) { return role_of(name) != OTHER; }

static bool see_value(struct unit *unit, const struct entry *entry,
                      const struct wsig_dwarf_value *value) {
  switch (role_of(value->name)) {
    case CODE: return move_code(unit, entry, value);
    case RANGES: return see_ranges(unit, value);
    case LINES: return fix_offset(unit, value, WSIG_DWARF_LINE);
    case RNGLISTS: return fix_offset(unit, value, WSIG_DWARF_RNGLISTS);
    case LOCLISTS: return fix_offset(unit, value, WSIG_DWARF_LOCLISTS);
    case LOCATION: return see_location(unit, entry, value);
    case SCOPE:
      return wsig_dwarf_refuse(unit->dwarf, "a scope's start (start_scope)");
    case ELSEWHERE:
      return wsig_dwarf_refuse(unit->dwarf,
                               "that part of it is elsewhere "
                               "(split DWARF)");
    case UNMOVED: return true; /* it refers to bytes that do not move */
    default: return see_other(unit, value);
  }
}

/* ------------------------------------------------------------------- units */

/* The first entry of a unit says where the unit's parts of other sections are,
 * and what the addresses in its lists are relative to (3.1.1). */
static bool open_with(struct unit *unit, const struct entry *entry) {
  const struct wsig_dwarf_value *value = find(entry, AT_ADDR_BASE);
  if (!value) value = find(entry, AT_GNU_ADDR_BASE);
  unit->list.has_addr_base = value;
  if (value) unit->list.addr_base = value->number;
  value = find(entry, AT_RNGLISTS_BASE);
  if (value) unit->rnglists_base = value->number;
  value = find(entry, AT_LOCLISTS_BASE);
  if (value) unit->loclists_base = value->number;
  value = find(entry, AT_LOW_PC);
  unit->is_opened = true;
  return !value || !wsig_dwarf_is_address(value) ||
         move_address(unit, value, &unit->list.base);
}

/* 7.5.1. Afterwards the reader is at the first entry. */
static bool read_header(struct unit *unit) {
  struct wsig_dwarf_reader *reader = &unit->reader;
  struct wsig_dwarf_widths *widths = &unit->widths;
  widths->offset = unit->frame.offset_size;
  uint64_t version = wsig_dwarf_fixed(reader, 2), type = 0;
  if (version < 2 || version > 5)
    return wsig_dwarf_refuse(unit->dwarf,
                             "a .debug_info of an unknown version");
  widths->version = (uint8_t)version;
  if (version == 5) {
    type = wsig_dwarf_fixed(reader, 1);
    widths->address = (uint8_t)wsig_dwarf_fixed(reader, 1);
  }
  uint64_t abbreviations = wsig_dwarf_fixed(reader, widths->offset);
  if (version < 5) widths->address = (uint8_t)wsig_dwarf_fixed(reader, 1);
  if (type >= UNIT_SKELETON)
    return wsig_dwarf_refuse(unit->dwarf,
                             "that part of it is elsewhere "
                             "(split DWARF)");
  if (type == UNIT_TYPE || unit->part == WSIG_DWARF_TYPES)
    wsig_dwarf_skip(reader, 8u + widths->offset); /* signature, offset */
  if (reader->failed) return malformed(unit);
  if (widths->address != 4 && widths->address != 8)
    return wsig_dwarf_refuse(unit->dwarf,
                             "an address that is not of 4 or 8 bytes");
  unit->list = (struct wsig_dwarf_list){.address_size = widths->address};
  unit->abbreviations =
      wsig_dwarf_find_table(unit->dwarf, &unit->tables, abbreviations);
  return unit->abbreviations;
}

static bool move_unit(struct unit *unit) {
  unit->is_opened = false;
  unit->rnglists_base = unit->loclists_base = 0;
  if (!read_header(unit)) return false;
  while (unit->reader.at < unit->reader.end) {
    const struct entry *entry = &unit->entry;
    if (!read_entry(unit, &unit->reader, &unit->entry)) return false;
    if (!unit->is_opened && entry->tag != 0 && !open_with(unit, entry))
      return false;
    for (size_t i = 0; i < entry->count; i++)
      if (!see_value(unit, entry, &entry->values[i])) return false;
  }
  return true;
}

static bool move_units(struct unit *unit, struct wsig_dwarf_reader reader) {
  while (reader.at < reader.end) {
    unit->frame = wsig_dwarf_read_frame(&reader);
    if (reader.failed) return malformed(unit);
    unit->reader = reader;
    unit->reader.end = unit->frame.end;
    if (!move_unit(unit)) return false;
    reader.at = unit->frame.end;
  }
  return true;
}

bool wsig_dwarf_move_info(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, part);
  struct unit unit = {.dwarf = dwarf,
                      .part = part,
                      .tables.matters = matters,
                      .section_length = reader.end};
  bool is_done = wsig_dwarf_copy(dwarf, part) && move_units(&unit, reader);
  wsig_dwarf_release_tables(&unit.tables);
  free(unit.entry.values);
  free(unit.type.values);
  return is_done;
}
