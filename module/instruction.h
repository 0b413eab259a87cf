/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Decodes the instructions of WebAssembly 3.0, of threads (0xFE) and of the
 * legacy exceptions, one at a time:
 *
 *     struct wsig_instruction instruction;
 *     while (wsig_cursor_left(cursor) > 0 &&
 *            wsig_read_instruction(cursor, &instruction))
 *       ...
 *
 * It knows the grammar but not the module. An index may be any number. Callers
 * count blocks to match each `end` with its `block` (see
 * wsig_instruction_nesting).
 */
#ifndef WSIG_MODULE_INSTRUCTION_H
#define WSIG_MODULE_INSTRUCTION_H

#include "cursor.h"

/** An instruction behind a prefix byte: 0xFB, 0xFC, 0xFD, 0xFE. */
#define WSIG_PREFIXED(prefix, number) ((uint32_t)(prefix) << 16 | (number))

/** The opcodes that callers need by name. */
enum wsig_opcode {
  WSIG_OP_BLOCK = 0x02,
  WSIG_OP_LOOP = 0x03,
  WSIG_OP_IF = 0x04,
  WSIG_OP_ELSE = 0x05,
  WSIG_OP_TRY = 0x06,
  WSIG_OP_CATCH = 0x07,
  WSIG_OP_END = 0x0b,
  WSIG_OP_DELEGATE = 0x18,
  WSIG_OP_CATCH_ALL = 0x19,
  WSIG_OP_DROP = 0x1a,
  WSIG_OP_TRY_TABLE = 0x1f,
  WSIG_OP_LOCAL_GET = 0x20,
  WSIG_OP_LOCAL_SET = 0x21,
  WSIG_OP_LOCAL_TEE = 0x22,
  WSIG_OP_GLOBAL_GET = 0x23,
  WSIG_OP_I32_CONST = 0x41,
  WSIG_OP_I64_CONST = 0x42,
  WSIG_OP_F32_CONST = 0x43,
  WSIG_OP_F64_CONST = 0x44,
  WSIG_OP_I32_ADD = 0x6a,
  WSIG_OP_I32_SUB = 0x6b,
  WSIG_OP_I32_MUL = 0x6c,
  WSIG_OP_I64_ADD = 0x7c,
  WSIG_OP_I64_SUB = 0x7d,
  WSIG_OP_I64_MUL = 0x7e,
  WSIG_OP_REF_NULL = 0xd0,
  WSIG_OP_REF_FUNC = 0xd2,
};

/** The kind of an operand. Each is a letter, so that the operands of an
 * instruction are a string: wsig_instruction_operands(). */
enum wsig_operand_kind {
  WSIG_OPERAND_BLOCK_TYPE = 'b', /* value: a type's index, or NO_INDEX */
  WSIG_OPERAND_LABEL = 'l',
  WSIG_OPERAND_LABELS = 'L',  /* value: their count, without the default one */
  WSIG_OPERAND_CATCHES = 'c', /* value: their count */
  WSIG_OPERAND_TYPES = 's',   /* value: their count */
  WSIG_OPERAND_FUNCTION = 'f',
  WSIG_OPERAND_TYPE = 't',
  WSIG_OPERAND_TABLE = 'T',
  WSIG_OPERAND_MEMORY = 'm',
  WSIG_OPERAND_DATA = 'd',
  WSIG_OPERAND_ELEMENT = 'e',
  WSIG_OPERAND_TAG = 'x',
  WSIG_OPERAND_LOCAL = 'v',
  WSIG_OPERAND_GLOBAL = 'g',
  WSIG_OPERAND_HEAP_TYPE = 'h', /* value: a type's index, or NO_INDEX */
  WSIG_OPERAND_ACCESS = 'a',    /* three: ALIGNMENT, MEMORY, OFFSET */
  WSIG_OPERAND_ALIGNMENT = 'A', /* exponent of 2 */
  WSIG_OPERAND_OFFSET = 'o',
  WSIG_OPERAND_I32 = 'i', /* value: sign-extended */
  WSIG_OPERAND_I64 = 'I',
  WSIG_OPERAND_F32 = '4', /* no value, as for the two below */
  WSIG_OPERAND_F64 = '8',
  WSIG_OPERAND_V128 = 'V', /* also the lanes of a shuffle */
  WSIG_OPERAND_COUNT = 'n',
  WSIG_OPERAND_LANE = 'k',
  WSIG_OPERAND_ZERO = 'z',
  WSIG_OPERAND_CAST_FLAGS = 'F',
};

#define WSIG_NO_INDEX UINT64_MAX

/** An operand of an instruction: bytes [offset, end) of the file. If the memory
 * is omitted, it has no bytes and its value is 0. */
struct wsig_operand {
  enum wsig_operand_kind kind;
  uint64_t value;
  uint64_t offset, end;
};

#define WSIG_OPERANDS_MAX 4

struct wsig_instruction {
  uint32_t opcode;      /* the byte, or WSIG_PREFIXED */
  uint64_t offset, end; /* bytes [offset, end) of the file */
  unsigned operand_count;
  struct wsig_operand operands[WSIG_OPERANDS_MAX];
};

/** Reads one. False: the cursor has failed; NEWER if the opcode is unknown. */
bool wsig_read_instruction(struct wsig_cursor *cursor,
                           struct wsig_instruction *instruction);

/** The string of its operands; NULL: there is no such instruction. */
const char *wsig_instruction_operands(uint32_t opcode);

/** 1: it opens a block. -1: it closes one. 0: neither. */
int wsig_instruction_nesting(uint32_t opcode);

/** How many bytes a load of an integer reads; 0: it is no such load. */
unsigned wsig_instruction_plain_load(uint32_t opcode);
/** The same for atomic loads and atomic read-modify-writes. `*above`: how many
 * operands are above the address on the stack. */
unsigned wsig_instruction_atomic_load(uint32_t opcode, unsigned *above);

#endif
