/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "dwarf/forms.h"

#include <stdlib.h>

/* ----------------------------------------------------------- abbreviations */

static bool takes_no_bytes(const struct wsig_dwarf_spec *spec) {
  return spec->form == WSIG_FORM_FLAG_PRESENT ||
         spec->form == WSIG_FORM_IMPLICIT_CONST;
}

static bool add_spec(struct wsig_dwarf *dwarf,
                     struct wsig_dwarf_abbreviations *table,
                     const struct wsig_dwarf_spec *spec) {
  struct wsig_dwarf_spec *specs =
      wsig_dwarf_grow(dwarf, table->specs, table->spec_count,
                      &table->spec_capacity, sizeof *specs);
  if (!specs) return false;
  specs[table->spec_count++] = *spec;
  table->specs = specs;
  return true;
}

static bool read_specs(struct wsig_dwarf *dwarf,
                       struct wsig_dwarf_reader *reader,
                       struct wsig_dwarf_abbreviations *table,
                       bool (*matters)(uint64_t name)) {
  size_t first = table->spec_count;
  for (;;) {
    struct wsig_dwarf_spec spec = {.name = wsig_dwarf_uleb(reader)};
    spec.form = wsig_dwarf_uleb(reader);
    if (spec.form == WSIG_FORM_IMPLICIT_CONST)
      spec.implicit = wsig_dwarf_sleb(reader);
    if (reader->failed)
      return wsig_dwarf_refuse(dwarf, "a .debug_abbrev that is malformed");
    if (spec.name == 0 && spec.form == 0) return true;
    if (takes_no_bytes(&spec) && !matters(spec.name)) continue;
    if (table->spec_count - first == WSIG_DWARF_ATTRIBUTES_MAX)
      return wsig_dwarf_refuse(dwarf, "an entry of too many attributes");
    if (!add_spec(dwarf, table, &spec)) return false;
  }
}

static bool read_abbreviation(struct wsig_dwarf *dwarf,
                              struct wsig_dwarf_reader *reader,
                              struct wsig_dwarf_abbreviations *table,
                              uint64_t code, bool (*matters)(uint64_t name)) {
  struct wsig_dwarf_abbreviation item = {
      .code = code, .tag = wsig_dwarf_uleb(reader), .first = table->spec_count};
  wsig_dwarf_skip(reader, 1); /* whether it has children */
  if (!read_specs(dwarf, reader, table, matters)) return false;
  item.count = table->spec_count - item.first;
  struct wsig_dwarf_abbreviation *items = wsig_dwarf_grow(
      dwarf, table->items, table->count, &table->capacity, sizeof *items);
  if (!items) return false;
  items[table->count++] = item;
  table->items = items;
  return true;
}

static int compare(const void *left, const void *right) {
  const struct wsig_dwarf_abbreviation *a = left, *b = right;
  return (a->code > b->code) - (a->code < b->code);
}

static bool read_table(struct wsig_dwarf *dwarf,
                       struct wsig_dwarf_abbreviations *table, uint64_t offset,
                       struct wsig_dwarf_tables *tables) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, WSIG_DWARF_ABBREV);
  size_t length = reader.end;
  wsig_dwarf_skip(&reader, offset);
  table->count = table->spec_count = 0;
  table->is_read = false;
  bool is_sorted = true;
  uint64_t code;
  while ((code = wsig_dwarf_uleb(&reader)) != 0) {
    if (table->count > 0 && table->items[table->count - 1].code >= code)
      is_sorted = false;
    if (!read_abbreviation(dwarf, &reader, table, code, tables->matters))
      return false;
  }
  if (reader.failed)
    return wsig_dwarf_refuse(dwarf, "a .debug_abbrev that is malformed");
  if (!is_sorted)
    qsort(table->items, table->count, sizeof *table->items, compare);
  table->offset = offset;
  table->is_read = true;
  tables->bytes_read += reader.at - offset;
  return tables->bytes_read / WSIG_DWARF_REREADS_MAX <= length ||
         wsig_dwarf_refuse(
             dwarf, "units that alternate between many abbreviation tables");
}

const struct wsig_dwarf_abbreviations *wsig_dwarf_find_table(
    struct wsig_dwarf *dwarf, struct wsig_dwarf_tables *tables,
    uint64_t offset) {
  size_t count = sizeof tables->tables / sizeof *tables->tables;
  uint32_t hash = (uint32_t)offset * UINT32_C(0x9e3779b1);
  struct wsig_dwarf_abbreviations *table =
      &tables->tables[(hash >> 24) % count];
  if (table->is_read && table->offset == offset) return table;
  return read_table(dwarf, table, offset, tables) ? table : NULL;
}

void wsig_dwarf_release_tables(struct wsig_dwarf_tables *tables) {
  for (size_t i = 0; i < sizeof tables->tables / sizeof *tables->tables; i++) {
    free(tables->tables[i].items);
    free(tables->tables[i].specs);
  }
}

const struct wsig_dwarf_abbreviation *wsig_dwarf_find_abbreviation(
    const struct wsig_dwarf_abbreviations *table, uint64_t code) {
  if (table->count == 0) return NULL;
  if (code - 1 < table->count && table->items[code - 1].code == code)
    return &table->items[code - 1]; /* compilers number from 1 */
  const struct wsig_dwarf_abbreviation key = {.code = code};
  return bsearch(&key, table->items, table->count, sizeof key, compare);
}

/* ------------------------------------------------------------------ values */

enum { LEB = 16, STRING, ADDRESS, OFFSET, REFERENCE, UNKNOWN };

/* The number of bytes that a form takes, or one of the values above. */
static unsigned width_of(uint64_t form) {
  switch (form) {
    case WSIG_FORM_FLAG_PRESENT:
    case WSIG_FORM_IMPLICIT_CONST: return 0;
    case WSIG_FORM_DATA1:
    case WSIG_FORM_FLAG:
    case WSIG_FORM_REF1:
    case WSIG_FORM_STRX1:
    case WSIG_FORM_ADDRX1: return 1;
    case WSIG_FORM_DATA2:
    case WSIG_FORM_REF2:
    case WSIG_FORM_STRX2:
    case WSIG_FORM_ADDRX2: return 2;
    case WSIG_FORM_STRX3:
    case WSIG_FORM_ADDRX3: return 3;
    case WSIG_FORM_DATA4:
    case WSIG_FORM_REF4:
    case WSIG_FORM_STRX4:
    case WSIG_FORM_ADDRX4:
    case WSIG_FORM_REF_SUP4: return 4;
    case WSIG_FORM_DATA8:
    case WSIG_FORM_REF8:
    case WSIG_FORM_REF_SIG8:
    case WSIG_FORM_REF_SUP8: return 8;
    case WSIG_FORM_SDATA:
    case WSIG_FORM_UDATA:
    case WSIG_FORM_REF_UDATA:
    case WSIG_FORM_STRX:
    case WSIG_FORM_ADDRX:
    case WSIG_FORM_LOCLISTX:
    case WSIG_FORM_RNGLISTX:
    case WSIG_FORM_GNU_ADDR_INDEX:
    case WSIG_FORM_GNU_STR_INDEX:
    case WSIG_FORM_LLVM_ADDRX_OFFSET: return LEB;
    case WSIG_FORM_STRING: return STRING;
    case WSIG_FORM_ADDR: return ADDRESS;
    case WSIG_FORM_STRP:
    case WSIG_FORM_SEC_OFFSET:
    case WSIG_FORM_STRP_SUP:
    case WSIG_FORM_LINE_STRP:
    case WSIG_FORM_GNU_REF_ALT:
    case WSIG_FORM_GNU_STRP_ALT: return OFFSET;
    case WSIG_FORM_REF_ADDR: return REFERENCE;
    default: return UNKNOWN;
  }
}

static bool read_block(struct wsig_dwarf_reader *reader,
                       struct wsig_dwarf_value *value) {
  uint64_t length;
  switch (value->form) {
    case WSIG_FORM_BLOCK1: length = wsig_dwarf_fixed(reader, 1); break;
    case WSIG_FORM_BLOCK2: length = wsig_dwarf_fixed(reader, 2); break;
    case WSIG_FORM_BLOCK4: length = wsig_dwarf_fixed(reader, 4); break;
    case WSIG_FORM_DATA16: length = 16; break;
    case WSIG_FORM_BLOCK:
    case WSIG_FORM_EXPRLOC: length = wsig_dwarf_uleb(reader); break;
    default: return false;
  }
  value->at = reader->at;
  wsig_dwarf_skip(reader, length);
  return true;
}

bool wsig_dwarf_read_value(struct wsig_dwarf_reader *reader,
                           const struct wsig_dwarf_spec *spec,
                           const struct wsig_dwarf_widths *widths,
                           struct wsig_dwarf_value *value) {
  *value = (struct wsig_dwarf_value){.name = spec->name, .form = spec->form};
  while (value->form == WSIG_FORM_INDIRECT && !reader->failed)
    value->form = wsig_dwarf_uleb(reader);
  value->at = reader->at;
  unsigned width = width_of(value->form);
  if (width == ADDRESS) width = widths->address;
  if (width == OFFSET) width = widths->offset;
  if (width == REFERENCE) /* in version 2 it has the width of an address */
    width = widths->version == 2 ? widths->address : widths->offset;
  if (width <= 8)
    value->number = wsig_dwarf_fixed(reader, width);
  else if (value->form == WSIG_FORM_SDATA)
    value->number = (uint64_t)wsig_dwarf_sleb(reader);
  else if (width == LEB)
    value->number = wsig_dwarf_uleb(reader);
  else if (width == STRING)
    wsig_dwarf_skip_string(reader);
  else if (!read_block(reader, value))
    return false;
  if (value->form == WSIG_FORM_IMPLICIT_CONST)
    value->number = (uint64_t)spec->implicit;
  if (value->form == WSIG_FORM_LLVM_ADDRX_OFFSET)
    value->offset = wsig_dwarf_fixed(reader, 4);
  value->end = reader->at;
  return !reader->failed;
}

/* ----------------------------------------------------------------- classes */

bool wsig_dwarf_is_address(const struct wsig_dwarf_value *value) {
  switch (value->form) {
    case WSIG_FORM_ADDR:
    case WSIG_FORM_ADDRX:
    case WSIG_FORM_ADDRX1:
    case WSIG_FORM_ADDRX2:
    case WSIG_FORM_ADDRX3:
    case WSIG_FORM_ADDRX4:
    case WSIG_FORM_GNU_ADDR_INDEX:
    case WSIG_FORM_LLVM_ADDRX_OFFSET: return true;
    default: return false;
  }
}

bool wsig_dwarf_is_constant(const struct wsig_dwarf_value *value) {
  switch (value->form) {
    case WSIG_FORM_DATA1:
    case WSIG_FORM_DATA2:
    case WSIG_FORM_DATA4:
    case WSIG_FORM_DATA8:
    case WSIG_FORM_SDATA:
    case WSIG_FORM_UDATA:
    case WSIG_FORM_IMPLICIT_CONST: return true;
    default: return false;
  }
}

bool wsig_dwarf_is_block(const struct wsig_dwarf_value *value) {
  switch (value->form) {
    case WSIG_FORM_BLOCK:
    case WSIG_FORM_BLOCK1:
    case WSIG_FORM_BLOCK2:
    case WSIG_FORM_BLOCK4:
    case WSIG_FORM_EXPRLOC: return true;
    default: return false;
  }
}

bool wsig_dwarf_is_section_offset(const struct wsig_dwarf_value *value,
                                  const struct wsig_dwarf_widths *widths) {
  if (value->form == WSIG_FORM_SEC_OFFSET) return true;
  return widths->version < 4 &&
         (value->form == WSIG_FORM_DATA4 || value->form == WSIG_FORM_DATA8);
}
