/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * .debug_macro (6.3). It contains no address, but each unit may refer to its
 * line table. A unit does not contain its length, so all its instructions must
 * be read to find the next unit. GNU's version 4 differs only in its number.
 */
#include "dwarf/parts.h"

enum { HAS_OFFSET_64 = 1, HAS_LINE_OFFSET = 2, HAS_OPCODES = 4 };

enum operands { UNKNOWN, NONE, NUMBERS, NUMBER_STRING, NUMBER_OFFSET, OFFSET };

/* 7.23 */
static const uint8_t operands[] = {
    UNKNOWN,       NUMBER_STRING, /* define */
    NUMBER_STRING,                /* undef */
    NUMBERS,                      /* start_file */
    NONE,                         /* end_file */
    NUMBER_OFFSET,                /* define_strp */
    NUMBER_OFFSET,                /* undef_strp */
    OFFSET,                       /* import */
    NUMBER_OFFSET,                /* define_sup */
    NUMBER_OFFSET,                /* undef_sup */
    OFFSET,                       /* import_sup */
    NUMBERS,                      /* define_strx */
    NUMBERS,                      /* undef_strx */
};

static void skip_instruction(struct wsig_dwarf_reader *reader, uint64_t opcode,
                             unsigned offset_size) {
  uint8_t kind = opcode < sizeof operands ? operands[opcode] : UNKNOWN;
  if (kind == UNKNOWN) wsig_dwarf_fail(reader);
  if (kind == NUMBERS || kind == NUMBER_STRING || kind == NUMBER_OFFSET)
    wsig_dwarf_uleb(reader);
  if (kind == NUMBERS) wsig_dwarf_uleb(reader);
  if (kind == NUMBER_STRING) wsig_dwarf_skip_string(reader);
  if (kind == NUMBER_OFFSET || kind == OFFSET)
    wsig_dwarf_skip(reader, offset_size);
}

static bool move_unit(struct wsig_dwarf *dwarf,
                      struct wsig_dwarf_reader *reader) {
  uint64_t version = wsig_dwarf_fixed(reader, 2);
  uint64_t flags = wsig_dwarf_fixed(reader, 1);
  unsigned size = flags & HAS_OFFSET_64 ? 8 : 4;
  if ((version != 4 && version != 5) || flags & HAS_OPCODES) return false;
  if (flags & HAS_LINE_OFFSET) {
    struct wsig_dwarf_fixup fixup = {.in = WSIG_DWARF_MACRO,
                                     .into = WSIG_DWARF_LINE,
                                     .at = reader->at,
                                     .width = size};
    fixup.from = wsig_dwarf_fixed(reader, size);
    if (reader->failed || !wsig_dwarf_add_fixup(dwarf, &fixup)) return false;
  }
  uint64_t opcode;
  while ((opcode = wsig_dwarf_fixed(reader, 1)) != 0)
    skip_instruction(reader, opcode, size);
  return !reader->failed;
}

bool wsig_dwarf_move_macros(struct wsig_dwarf *dwarf) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, WSIG_DWARF_MACRO);
  if (!wsig_dwarf_copy(dwarf, WSIG_DWARF_MACRO)) return false;
  while (reader.at < reader.end)
    if (!move_unit(dwarf, &reader))
      return wsig_dwarf_refuse(dwarf, "a .debug_macro that is malformed");
  return true;
}
