/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The instruction decoder (WebAssembly 3.0, 5.4 Instructions; the opcodes are
 * those of its appendix). Each opcode has a string of operands, one letter for
 * each operand. Each letter has one way to be read. So an instruction is
 * decoded correctly if its string is correct.
 */
#include "instruction.h"

#include "type.h"

/* ---------------------------------------------------- strings of operands */

/* clang-format off */
static const char *control_operands(uint32_t opcode) {
  switch (opcode) {
    case 0x02: case 0x03: case 0x04: case 0x06: return "b";
    case 0x07: case 0x08: return "x";
    case 0x09: case 0x0c: case 0x0d: case 0x18: return "l";
    case 0x00: case 0x01: case 0x05: case 0x0a: case 0x0b: case 0x0f:
    case 0x19: case 0x1a: case 0x1b: return "";
    case 0x0e: return "L";
    case 0x10: case 0x12: return "f";
    case 0x11: case 0x13: return "tT";
    case 0x14: case 0x15: return "t";
    case 0x1c: return "s";
    case 0x1f: return "bc";
    default: return NULL;
  }
}

static const char *plain_operands(uint32_t opcode) {
  if (opcode < 0x20) return control_operands(opcode);
  if (opcode >= 0x28 && opcode <= 0x3e) return "a";
  if (opcode >= 0x45 && opcode <= 0xc4) return "";
  switch (opcode) {
    case 0x20: case 0x21: case 0x22: return "v";
    case 0x23: case 0x24: return "g";
    case 0x25: case 0x26: return "T";
    case 0x3f: case 0x40: return "m";
    case 0x41: return "i";
    case 0x42: return "I";
    case 0x43: return "4";
    case 0x44: return "8";
    case 0xd0: return "h";
    case 0xd1: case 0xd3: case 0xd4: return "";
    case 0xd2: return "f";
    case 0xd5: case 0xd6: return "l";
    default: return NULL;
  }
}

/* 0xFB: structures, arrays, casts. */
static const char *heap_operands(uint32_t number) {
  static const char *const words[] = {
      "t",  "t",  "tn", "tn", "tn", "tn", /* struct.new ... struct.set */
      "t",  "t",  "tn", "td", "te",       /* array.new ... array.new_elem */
      "t",  "t",  "t",  "t",  "",         /* array.get ... array.len */
      "t",  "tt", "td", "te",             /* array.fill ... array.init_elem */
      "h",  "h",  "h",  "h",              /* ref.test ... ref.cast null */
      "Flhh", "Flhh",                     /* br_on_cast, br_on_cast_fail */
      "",   "",   "",   "",   "",         /* any.convert_extern ... i31.get_u */
  };
  return number < sizeof words / sizeof *words ? words[number] : NULL;
}

/* 0xFC: saturating conversions, bulk memory, tables; and wide arithmetic, which
 * 3.0 does not contain but engines support. */
static const char *bulk_operands(uint32_t number) {
  static const char *const words[] = {
      "", "", "", "", "", "", "", "", /* i32.trunc_sat_f32_s ... */
      "dm", "d", "mm", "m",           /* memory.init ... memory.fill */
      "eT", "e", "TT", "T", "T", "T", /* table.init ... table.fill */
      NULL, "", "", "", "",           /* i64.add128 ... i64.mul_wide_u */
  };
  return number < sizeof words / sizeof *words ? words[number] : NULL;
}

/* 0xFD: vectors, including the relaxed ones. */
static const char *vector_operands(uint32_t number) {
  if (number <= 0x0b || number == 0x5c || number == 0x5d) return "a";
  if (number == 0x0c || number == 0x0d) return "V";
  if (number >= 0x15 && number <= 0x22) return "k";
  if (number >= 0x54 && number <= 0x5b) return "ak";
  if (number > 0x113) return NULL;
  switch (number) {
    case 0x9a: case 0xa2: case 0xa5: case 0xa6: case 0xaf: case 0xb0:
    case 0xb2: case 0xb3: case 0xb4: case 0xbb: case 0xc2: case 0xc5:
    case 0xc6: case 0xcf: case 0xd0: case 0xd2: case 0xd3: case 0xd4:
    case 0xe2: case 0xee: return NULL;
    default: return "";
  }
}

/* 0xFE: threads. */
static const char *atomic_operands(uint32_t number) {
  if (number == 0x03) return "z";
  if (number < 0x03 || (number >= 0x10 && number <= 0x4e)) return "a";
  return NULL;
}

/* clang-format on */

const char *wsig_instruction_operands(uint32_t opcode) {
  uint32_t number = opcode & 0xffff;
  switch (opcode >> 16) {
    case 0: return opcode <= 0xff ? plain_operands(opcode) : NULL;
    case 0xfb: return heap_operands(number);
    case 0xfc: return bulk_operands(number);
    case 0xfd: return vector_operands(number);
    case 0xfe: return atomic_operands(number);
    default: return NULL;
  }
}

/* --------------------------------------------------------------- operands */

static uint64_t read_block_type(struct wsig_cursor *cursor) {
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t first = wsig_peek_byte(cursor);
  if (first == 0x40) {
    wsig_read_byte(cursor);
    return WSIG_NO_INDEX;
  }
  if ((first & 0xc0) == 0x40) { /* a negative number of one byte */
    wsig_read_value_type(cursor);
    return WSIG_NO_INDEX;
  }
  int64_t index = wsig_read_s33(cursor);
  if (index < 0) wsig_cursor_fail(cursor, start, "a block type");
  return (uint64_t)index;
}

static uint64_t read_heap_index(struct wsig_cursor *cursor) {
  struct wsig_type type = wsig_read_heap_type(cursor);
  return type.is_indexed ? type.index : WSIG_NO_INDEX;
}

static uint64_t read_labels(struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) wsig_read_u32(cursor);
  wsig_read_u32(cursor);
  return count;
}

static uint64_t read_types(struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    wsig_read_value_type(cursor);
  return count;
}

static uint64_t read_catches(struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    uint64_t start = wsig_cursor_offset(cursor);
    uint8_t kind = wsig_read_byte(cursor);
    if (kind > 3) wsig_cursor_newer(cursor, start, "a catch clause, 0 to 3");
    if (kind < 2) wsig_read_u32(cursor); /* of a tag */
    wsig_read_u32(cursor);               /* of a label */
  }
  return count;
}

static uint64_t read_small(struct wsig_cursor *cursor, uint8_t most,
                           const char *detail) {
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t byte = wsig_read_byte(cursor);
  if (byte > most) wsig_cursor_newer(cursor, start, detail);
  return byte;
}

static uint64_t skip_bytes(struct wsig_cursor *cursor, uint64_t count) {
  wsig_cursor_skip(cursor, count);
  return 0;
}

static uint64_t read_value(struct wsig_cursor *cursor,
                           enum wsig_operand_kind kind) {
  switch (kind) {
    case WSIG_OPERAND_BLOCK_TYPE: return read_block_type(cursor);
    case WSIG_OPERAND_LABELS: return read_labels(cursor);
    case WSIG_OPERAND_CATCHES: return read_catches(cursor);
    case WSIG_OPERAND_TYPES: return read_types(cursor);
    case WSIG_OPERAND_HEAP_TYPE: return read_heap_index(cursor);
    case WSIG_OPERAND_OFFSET: return wsig_read_u64(cursor);
    case WSIG_OPERAND_I32: return (uint64_t)(int64_t)wsig_read_s32(cursor);
    case WSIG_OPERAND_I64: return (uint64_t)wsig_read_s64(cursor);
    case WSIG_OPERAND_F32: return skip_bytes(cursor, 4);
    case WSIG_OPERAND_F64: return skip_bytes(cursor, 8);
    case WSIG_OPERAND_V128: return skip_bytes(cursor, 16);
    case WSIG_OPERAND_LANE: return read_small(cursor, 255, NULL);
    case WSIG_OPERAND_ZERO: return read_small(cursor, 0, "a zero byte");
    case WSIG_OPERAND_CAST_FLAGS:
      return read_small(cursor, 3, "flags of a cast, 0 to 3");
    default: return wsig_read_u32(cursor); /* an index or a count */
  }
}

static struct wsig_operand *begin_operand(struct wsig_cursor *cursor,
                                          struct wsig_instruction *instruction,
                                          enum wsig_operand_kind kind) {
  struct wsig_operand *operand =
      &instruction->operands[instruction->operand_count++];
  operand->kind = kind;
  operand->value = 0;
  operand->offset = operand->end = wsig_cursor_offset(cursor);
  return operand;
}

static uint64_t read_operand(struct wsig_cursor *cursor,
                             struct wsig_instruction *instruction,
                             enum wsig_operand_kind kind) {
  struct wsig_operand *operand = begin_operand(cursor, instruction, kind);
  operand->value = read_value(cursor, kind);
  operand->end = wsig_cursor_offset(cursor);
  return operand->value;
}

/* Bit 6 of the alignment means that the index of a memory follows. */
static void read_access(struct wsig_cursor *cursor,
                        struct wsig_instruction *instruction) {
  uint64_t start = wsig_cursor_offset(cursor);
  uint64_t flags = read_operand(cursor, instruction, WSIG_OPERAND_ALIGNMENT);
  if (flags >= 0x80 || (flags & 0x20))
    wsig_cursor_newer(cursor, start, "an alignment, and the flag of a memory");
  instruction->operands[instruction->operand_count - 1].value = flags & 0x1f;
  if (flags & 0x40)
    read_operand(cursor, instruction, WSIG_OPERAND_MEMORY);
  else
    begin_operand(cursor, instruction, WSIG_OPERAND_MEMORY);
  read_operand(cursor, instruction, WSIG_OPERAND_OFFSET);
}

/* ----------------------------------------------------------- instructions */

static uint32_t read_opcode(struct wsig_cursor *cursor) {
  uint8_t first = wsig_read_byte(cursor);
  if (first < 0xfb || first == 0xff) return first;
  uint32_t number = wsig_read_u32(cursor);
  return WSIG_PREFIXED(first, number < 0xffff ? number : 0xffff);
}

bool wsig_read_instruction(struct wsig_cursor *cursor,
                           struct wsig_instruction *instruction) {
  instruction->offset = wsig_cursor_offset(cursor);
  instruction->opcode = read_opcode(cursor);
  instruction->operand_count = 0;
  const char *word = wsig_instruction_operands(instruction->opcode);
  if (!word) {
    wsig_cursor_newer(cursor, instruction->offset, "a known instruction");
    return false;
  }
  for (; *word && !cursor->failed; word++) {
    if (*word == WSIG_OPERAND_ACCESS)
      read_access(cursor, instruction);
    else
      read_operand(cursor, instruction, (enum wsig_operand_kind) * word);
  }
  instruction->end = wsig_cursor_offset(cursor);
  return !cursor->failed;
}

int wsig_instruction_nesting(uint32_t opcode) {
  switch (opcode) {
    case WSIG_OP_BLOCK:
    case WSIG_OP_LOOP:
    case WSIG_OP_IF:
    case WSIG_OP_TRY:
    case WSIG_OP_TRY_TABLE: return 1;
    case WSIG_OP_END:
    case WSIG_OP_DELEGATE: return -1;
    default: return 0;
  }
}

/* ------------------------------------------------------------------ loads */

/* clang-format off */
unsigned wsig_instruction_plain_load(uint32_t opcode) {
  switch (opcode) {
    case 0x2c: case 0x2d: case 0x30: case 0x31: return 1;
    case 0x2e: case 0x2f: case 0x32: case 0x33: return 2;
    case 0x28: case 0x34: case 0x35: return 4;
    case 0x29: return 8;
    default: return 0;
  }
}

/* clang-format on */

/* Loads and each kind of read-modify-write have the same seven widths. The
 * opcodes of stores are between the two. */
unsigned wsig_instruction_atomic_load(uint32_t opcode, unsigned *above) {
  static const uint8_t widths[] = {4, 8, 1, 2, 1, 2, 4};
  if (opcode >> 16 != 0xfe) return 0;
  uint32_t number = opcode & 0xffff;
  if (number < 0x10 || number > 0x4e) return 0;
  uint32_t row = (number - 0x10) / 7;
  if (row == 1) return 0;
  *above = row == 0 ? 0 : row < 8 ? 1 : 2;
  return widths[(number - 0x10) % 7];
}
