/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/access.h"

/* i32.load to i64.store32: 0x28 to 0x3e. */
static bool is_plain(uint32_t opcode, struct wsig_access *access) {
  static const uint8_t widths[] = {4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2,
                                   4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4};
  enum { FIRST = 0x28, FIRST_STORE = 0x36 };
  if (opcode < FIRST || opcode - FIRST >= sizeof widths) return false;
  access->above = opcode >= FIRST_STORE;
  access->width = widths[opcode - FIRST];
  return true;
}

/* v128.load to v128.store, and loads and stores of lanes. */
static bool is_vector(uint32_t number, struct wsig_access *access) {
  static const uint8_t whole[] = {16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8, 16},
                       lanes[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};
  enum { STORE = 11, FIRST_LANE = 84, FIRST_ZERO = 92 };
  if (number < sizeof whole) {
    access->above = number == STORE;
    access->width = whole[number];
    return true;
  }
  if (number < FIRST_LANE || number - FIRST_LANE >= sizeof lanes) return false;
  access->above = number < FIRST_ZERO;
  access->width = lanes[number - FIRST_LANE];
  return true;
}

/* Their alignment must be their width; it is the first operand. */
static bool is_atomic(const struct wsig_instruction *instruction,
                      uint32_t number, struct wsig_access *access) {
  enum { WAIT_32 = 1, WAIT_64, FENCE, STORE = 0x17, COMPARE = 0x48 };
  if (number == FENCE) return false;
  bool is_wait = number == WAIT_32 || number == WAIT_64;
  access->above = number >= STORE || number == 0;
  if (is_wait || number >= COMPARE) access->above = 2;
  access->width = 1u << (instruction->operands[0].value & 3);
  return true;
}

static bool is_store(uint32_t opcode) {
  enum { STORE = 0x36, VECTOR_STORE = 11, STORE_LANE = 88, ZERO = 92 };
  if (opcode >> 16 == 0xfe)
    return opcode >= WSIG_PREFIXED(0xfe, 0x17) &&
           opcode <= WSIG_PREFIXED(0xfe, 0x1d);
  if (opcode >> 16 == 0xfd)
    return opcode == WSIG_PREFIXED(0xfd, VECTOR_STORE) ||
           (opcode >= WSIG_PREFIXED(0xfd, STORE_LANE) &&
            opcode < WSIG_PREFIXED(0xfd, ZERO));
  return opcode >= STORE;
}

bool wsig_access_of(const struct wsig_instruction *instruction,
                    struct wsig_access *access) {
  uint32_t opcode = instruction->opcode, number = opcode & 0xffff;
  *access = (struct wsig_access){0};
  bool is_one;
  switch (opcode >> 16) {
    case 0: is_one = is_plain(opcode, access); break;
    case 0xfd: is_one = is_vector(number, access); break;
    case 0xfe: is_one = is_atomic(instruction, number, access); break;
    default: is_one = false;
  }
  if (!is_one) return false;
  access->gives = !is_store(opcode);
  access->offset = instruction->operands[2].value;
  return true;
}
