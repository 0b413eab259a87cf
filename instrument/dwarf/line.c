/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * .debug_line: the programs that create the line table (6.2).
 *
 * Each instruction is copied, except those that advance the address. These
 * advance it so that afterwards the address of the new program is the moved
 * address of the old one. If the advance no longer fits the instruction, an
 * extra advance is inserted before it. So each row is created by the same
 * instruction as before, and only its address differs.
 * address is the same.
 */
#include "dwarf/parts.h"

enum { /* 7.22 */
       COPY = 1,
       ADVANCE_PC,
       ADVANCE_LINE,
       SET_FILE,
       SET_COLUMN,
       NEGATE_STMT,
       SET_BASIC_BLOCK,
       CONST_ADD_PC,
       FIXED_ADVANCE_PC,
       SET_PROLOGUE_END,
       SET_EPILOGUE_BEGIN,
       SET_ISA,
       STANDARD_OPCODES
};
enum { END_SEQUENCE = 1, SET_ADDRESS = 2 };

struct program {
  struct wsig_dwarf *dwarf;
  struct wsig_dwarf_reader reader;
  struct wsig_bytes *out;
  uint64_t old, new; /* the address, in the old program and in the new one */
  bool is_dropped;   /* the linker dropped the function of this sequence */
  uint8_t line_range, opcode_base;
  uint8_t operands[256]; /* how many each standard opcode has, in LEB128 */
};

static bool unreadable(struct program *program) {
  return wsig_dwarf_refuse(program->dwarf, "a .debug_line that is malformed");
}

/* ----------------------------------------------------------------- headers */

/* Known opcodes must have as many operands as in the standard, so that their
 * effect is known (6.2.4, standard_opcode_lengths). */
static bool read_operands(struct program *program) {
  static const uint8_t known[STANDARD_OPCODES] = {0, 0, 1, 1, 1, 1, 0,
                                                  0, 0, 1, 0, 0, 1};
  for (unsigned i = 1; i < program->opcode_base; i++) {
    program->operands[i] = (uint8_t)wsig_dwarf_fixed(&program->reader, 1);
    if (i < STANDARD_OPCODES && program->operands[i] != known[i]) return false;
  }
  return true;
}

/* Afterwards the reader is at the first instruction (6.2.4). */
static bool read_header(struct program *program, uint8_t offset_size) {
  struct wsig_dwarf_reader *reader = &program->reader;
  uint64_t version = wsig_dwarf_fixed(reader, 2);
  if (version < 2 || version > 5)
    return wsig_dwarf_refuse(program->dwarf,
                             "a .debug_line of an unknown version");
  if (version == 5) wsig_dwarf_skip(reader, 2); /* address, segment size */
  uint64_t length = wsig_dwarf_fixed(reader, offset_size);
  struct wsig_dwarf_reader start = *reader;
  wsig_dwarf_skip(&start, length);
  uint64_t instruction_length = wsig_dwarf_fixed(reader, 1);
  uint64_t operations = version >= 4 ? wsig_dwarf_fixed(reader, 1) : 1;
  wsig_dwarf_skip(reader, 2); /* default_is_stmt, line_base */
  program->line_range = (uint8_t)wsig_dwarf_fixed(reader, 1);
  program->opcode_base = (uint8_t)wsig_dwarf_fixed(reader, 1);
  if (instruction_length != 1 || operations > 1)
    return wsig_dwarf_refuse(program->dwarf,
                             "a .debug_line that does not count in bytes");
  if (program->opcode_base <= ADVANCE_PC || !read_operands(program))
    return wsig_dwarf_refuse(
        program->dwarf, "a .debug_line with other opcodes than the standard");
  if (reader->failed || start.failed || start.at < reader->at)
    return unreadable(program);
  *reader = start;
  return true;
}

/* ---------------------------------------------------------------- advances */

static void put_advance(struct program *program, uint64_t by) {
  wsig_bytes_byte(program->out, ADVANCE_PC);
  wsig_bytes_u32(program->out, by);
}

/* From an advance of the old program computes that of the new one. Rows beyond
 * the end of the code (from Binaryen) keep their distance from it. */
static bool advance(struct program *program, uint64_t by, uint64_t *new_by) {
  *new_by = by;
  if (program->is_dropped) return true;
  uint64_t old = program->old + by;
  uint64_t new = wsig_offset_map_apply(program->dwarf->map, old);
  if (old < program->old || new < program->new)
    return wsig_dwarf_refuse(program->dwarf,
                             "a line table whose addresses descend");
  *new_by = new - program->new;
  program->old = old;
  program->new = new;
  return true;
}

/* Copies the instruction at `start`, or changes its advance of the address. */
static bool move_advance(struct program *program, size_t start, uint64_t by) {
  uint64_t new_by;
  if (!advance(program, by, &new_by)) return false;
  if (new_by == by)
    wsig_bytes_append(program->out, program->reader.data + start,
                      program->reader.at - start);
  else
    put_advance(program, new_by);
  return true;
}

/* 6.2.5.1: it also advances the line, and adds a row. */
static bool move_special(struct program *program, uint8_t opcode) {
  if (program->line_range == 0) return unreadable(program);
  unsigned adjusted = opcode - program->opcode_base;
  unsigned by = adjusted / program->line_range;
  unsigned line = adjusted % program->line_range; /* does not change */
  unsigned most = (255u - program->opcode_base - line) / program->line_range;
  uint64_t new_by;
  if (!advance(program, by, &new_by)) return false;
  if (new_by > most) {
    put_advance(program, new_by - by);
    new_by = by;
  }
  wsig_bytes_byte(program->out,
                  (uint8_t)(program->opcode_base + line +
                            (unsigned)new_by * program->line_range));
  return true;
}

/* ------------------------------------------------------------ instructions */

static bool set_address(struct program *program, size_t start, size_t end) {
  struct wsig_dwarf_reader *reader = &program->reader;
  size_t size = end - reader->at;
  if (size != 4 && size != 8)
    return wsig_dwarf_refuse(program->dwarf,
                             "an address that is not of 4 or 8 bytes");
  wsig_bytes_append(program->out, reader->data + start, reader->at - start);
  uint64_t address = wsig_dwarf_fixed(reader, (unsigned)size);
  program->is_dropped = !wsig_dwarf_is_code(program->dwarf, address);
  program->old = address;
  program->new = wsig_dwarf_moved(program->dwarf, address);
  if (!wsig_dwarf_fits(program->new, (unsigned)size))
    return wsig_dwarf_refuse(program->dwarf,
                             "a number that no longer fits its bytes");
  uint8_t bytes[8];
  wsig_dwarf_put(bytes, (unsigned)size, program->new);
  wsig_bytes_append(program->out, bytes, size);
  return true;
}

/* 6.2.5.3 */
static bool move_extended(struct program *program, size_t start) {
  struct wsig_dwarf_reader *reader = &program->reader;
  uint64_t length = wsig_dwarf_uleb(reader);
  if (reader->failed || length == 0 || length > reader->end - reader->at)
    return unreadable(program);
  size_t end = reader->at + (size_t)length;
  uint64_t opcode = wsig_dwarf_fixed(reader, 1);
  if (opcode == SET_ADDRESS) return set_address(program, start, end);
  reader->at = end;
  wsig_bytes_append(program->out, reader->data + start, end - start);
  if (opcode == END_SEQUENCE) {
    program->old = program->new = 0;
    program->is_dropped = false;
  }
  return true;
}

/* 6.2.5.2 */
static bool move_standard(struct program *program, size_t start,
                          uint8_t opcode) {
  struct wsig_dwarf_reader *reader = &program->reader;
  if (opcode == ADVANCE_PC)
    return move_advance(program, start, wsig_dwarf_uleb(reader));
  if (opcode == FIXED_ADVANCE_PC)
    return move_advance(program, start, wsig_dwarf_fixed(reader, 2));
  if (opcode == CONST_ADD_PC) {
    if (program->line_range == 0) return unreadable(program);
    unsigned by = (255u - program->opcode_base) / program->line_range;
    return move_advance(program, start, by);
  }
  for (unsigned i = program->operands[opcode]; i > 0; i--)
    if (opcode == ADVANCE_LINE)
      wsig_dwarf_sleb(reader);
    else
      wsig_dwarf_uleb(reader);
  wsig_bytes_append(program->out, reader->data + start, reader->at - start);
  return true;
}

static bool move_instruction(struct program *program) {
  size_t start = program->reader.at;
  uint8_t opcode = (uint8_t)wsig_dwarf_fixed(&program->reader, 1);
  if (opcode >= program->opcode_base) return move_special(program, opcode);
  if (opcode == 0) return move_extended(program, start);
  return move_standard(program, start, opcode);
}

/* ------------------------------------------------------------------- units */

static bool move_unit(struct program *program,
                      const struct wsig_dwarf_frame *frame) {
  struct wsig_dwarf *dwarf = program->dwarf;
  struct wsig_bytes *out = program->out;
  size_t new_start = out->length;
  if (!wsig_dwarf_add_place(dwarf, WSIG_DWARF_LINE, frame->start, new_start) ||
      !read_header(program, frame->offset_size))
    return false;
  wsig_bytes_append(out, program->reader.data + frame->start,
                    program->reader.at - frame->start);
  while (program->reader.at < frame->end && !program->reader.failed)
    if (!move_instruction(program)) return false;
  if (program->reader.failed) return unreadable(program);
  if (out->failed) {
    dwarf->no_memory = true;
    return false;
  }
  size_t new_body = new_start + (frame->body - frame->start);
  return wsig_dwarf_patch(dwarf, WSIG_DWARF_LINE, new_body - frame->offset_size,
                          frame->offset_size, out->length - new_body);
}

bool wsig_dwarf_move_lines(struct wsig_dwarf *dwarf) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, WSIG_DWARF_LINE);
  while (reader.at < reader.end) {
    struct wsig_dwarf_frame frame = wsig_dwarf_read_frame(&reader);
    struct program program = {.dwarf = dwarf,
                              .reader = reader,
                              .out = &dwarf->parts[WSIG_DWARF_LINE]->moved};
    program.reader.end = frame.end;
    if (reader.failed) return unreadable(&program);
    if (!move_unit(&program, &frame)) return false;
    reader.at = frame.end;
  }
  return true;
}
