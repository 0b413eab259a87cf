/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instruction decoder: the positions of the parts of an instruction. */
#include "module/instruction.h"
#include "module_bytes.h"

/* Operands of the last instruction that was read. */
static struct wsig_instruction instruction;
static struct wsig_cursor cursor;

static bool reads(const char *bytes, size_t length) {
  wsig_cursor_open_bytes(&cursor, bytes, length);
  return wsig_read_instruction(&cursor, &instruction);
}

/* All of the bytes are one instruction, with these operands: their letters. */
static void assert_reads(const char *bytes, size_t length,
                         const char *operands) {
  assert_true(reads(bytes, length));
  assert_int_equal(instruction.offset, 0);
  assert_int_equal(instruction.end, length);
  assert_int_equal(instruction.operand_count, strlen(operands));
  uint64_t at = 0;
  for (unsigned i = 0; i < instruction.operand_count; i++) {
    assert_int_equal(instruction.operands[i].kind, operands[i]);
    assert_true(instruction.operands[i].offset >= at);
    at = instruction.operands[i].end;
  }
  if (instruction.operand_count > 0) assert_int_equal(at, length);
  for (size_t cut = 0; cut < length; cut++) {
    assert_false(reads(bytes, cut));
    assert_int_equal(cursor.verdict, WASMSIG_VERDICT_TRUNCATED);
  }
  assert_true(reads(bytes, length));
}

#define is(literal, operands) \
  assert_reads(literal, sizeof(literal) - 1, operands)
#define value(number) instruction.operands[number].value

TEST(an_instruction_may_have_no_operand) {
  is("\1", "");
  is("\x0b", "");
  is("\x6a", "");
  is("\xc4", "");
  is("\xd1", "");
  is("\xfb\x1e", "");
  is("\xfc\7", "");
  is("\xfc\x16", "");
  is("\xfd\xff\1", "");
  is("\xfd\x93\2", "");
  assert_int_equal(instruction.opcode, WSIG_PREFIXED(0xfd, 0x113));
}

TEST(a_block_has_a_type) {
  is("\2\x40", "b");
  assert_true(value(0) == WSIG_NO_INDEX);
  is("\3\x7f", "b");
  assert_true(value(0) == WSIG_NO_INDEX);
  is("\4\x63\5", "b");
  assert_true(value(0) == WSIG_NO_INDEX);
  is("\6\5", "b");
  assert_int_equal(value(0), 5);
  is("\2\xc0\0", "b"); /* 64 needs two bytes: it has a sign */
  assert_int_equal(value(0), 64);
}

TEST(branches_have_labels) {
  is("\x0c\3", "l");
  is("\x0e\2\1\2\3", "L");
  assert_int_equal(value(0), 2);
  is("\x0e\0\x80\1", "L");
  is("\xd5\1", "l");
  is("\x18\1", "l");
  is("\xfb\x18\3\1\x6e\7", "Flhh");
  assert_int_equal(value(0), 3);
  assert_true(value(2) == WSIG_NO_INDEX);
  assert_int_equal(value(3), 7);
}

TEST(exceptions_have_tags_and_catches) {
  is("\x08\2", "x");
  is("\7\2", "x");
  is("\x1f\x40\4\0\1\2\1\1\2\2\3\3\3", "bc");
  assert_int_equal(value(1), 4);
  assert_false(reads("\x1f\x40\1\4\0", 5));
}

TEST(calls_have_functions_types_and_tables) {
  is("\x10\x80\1", "f");
  assert_int_equal(value(0), 128);
  is("\x11\1\2", "tT");
  is("\x15\1", "t");
  is("\xd2\1", "f");
}

TEST(an_access_has_an_alignment_a_memory_and_an_offset) {
  is("\x28\2\x80\x08", "Amo");
  assert_int_equal(value(0), 2);
  assert_int_equal(value(1), 0);
  assert_int_equal(value(2), 1024);
  assert_int_equal(instruction.operands[1].offset, instruction.operands[1].end);
  is("\x28\x42\3\4", "Amo");
  assert_int_equal(value(0), 2);
  assert_int_equal(value(1), 3);
  assert_int_equal(value(2), 4);
  is("\x37\3\x80\x80\x80\x80\x10", "Amo"); /* of a 64-bit memory */
  assert_true(value(2) == UINT64_C(1) << 32);
  is("\xfe\x10\2\0", "Amo");
  is("\xfd\x54\0\0\x0f", "Amok");
  assert_false(reads("\x28\x80\1\0", 4));
}

TEST(constants_have_their_values) {
  is("\x41\x7f", "i");
  assert_true(value(0) == UINT64_MAX);
  is("\x42\x80\x80\x80\x80\x10", "I");
  assert_true(value(0) == UINT64_C(1) << 32);
  is("\x43\1\2\3\4", "4");
  is("\x44\1\2\3\4\5\6\7\x08", "8");
  is("\xfd\x0c\1\2\3\4\5\6\7\x08\1\2\3\4\5\6\7\x08", "V");
  is("\xfd\x0d\1\2\3\4\5\6\7\x08\1\2\3\4\5\6\7\x08", "V");
}

TEST(the_rest_has_indices) {
  is("\x1c\2\x7f\x64\1", "s");
  is("\x20\1", "v");
  is("\x24\1", "g");
  is("\x25\1", "T");
  is("\x3f\1", "m");
  is("\xd0\x70", "h");
  is("\xfb\2\1\2", "tn");
  is("\xfb\x11\1\2", "tt");
  is("\xfb\x12\1\2", "td");
  is("\xfb\x15\x6b", "h");
  is("\xfc\x08\1\2", "dm");
  is("\xfc\x0a\1\2", "mm");
  is("\xfc\x0c\1\2", "eT");
  is("\xfc\x0e\1\2", "TT");
  is("\xfd\x15\1", "k");
  is("\xfe\3\0", "z");
  assert_false(reads("\xfe\3\1", 3));
}

TEST(unused_opcodes_are_newer) {
  static const struct {
    const char *bytes;
    size_t length;
  } wrong[] = {{"\x16", 1},     {"\x1d", 1},       {"\x27", 1},
               {"\xc5", 1},     {"\xd7", 1},       {"\xfa", 1},
               {"\xff", 1},     {"\xfb\x1f", 2},   {"\xfc\x12", 2},
               {"\xfc\x17", 2}, {"\xfd\x9a\1", 3}, {"\xfd\x94\2", 3},
               {"\xfe\4", 2},   {"\xfe\x4f", 2},   {"\xfd\x80\x80\4", 4}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_false(reads(wrong[i].bytes, wrong[i].length));
    assert_int_equal(cursor.verdict, WASMSIG_VERDICT_NEWER);
    assert_int_equal(cursor.fault_offset, 0);
  }
}

TEST(blocks_are_counted) {
  assert_int_equal(wsig_instruction_nesting(WSIG_OP_LOOP), 1);
  assert_int_equal(wsig_instruction_nesting(WSIG_OP_TRY_TABLE), 1);
  assert_int_equal(wsig_instruction_nesting(WSIG_OP_END), -1);
  assert_int_equal(wsig_instruction_nesting(WSIG_OP_DELEGATE), -1);
  assert_int_equal(wsig_instruction_nesting(WSIG_OP_ELSE), 0);
}

TEST(atomic_reads_have_a_width_and_an_address_on_the_stack) {
  unsigned above = 9;
  assert_int_equal(
      wsig_instruction_atomic_load(WSIG_PREFIXED(0xfe, 0x16), &above), 4);
  assert_int_equal(above, 0);
  assert_int_equal(
      wsig_instruction_atomic_load(WSIG_PREFIXED(0xfe, 0x41), &above), 4);
  assert_int_equal(above, 1);
  assert_int_equal(
      wsig_instruction_atomic_load(WSIG_PREFIXED(0xfe, 0x49), &above), 8);
  assert_int_equal(above, 2);
  assert_int_equal(
      wsig_instruction_atomic_load(WSIG_PREFIXED(0xfe, 0x17), &above), 0);
  assert_int_equal(wsig_instruction_atomic_load(0x28, &above), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_instruction_may_have_no_operand),
      cmocka_unit_test(a_block_has_a_type),
      cmocka_unit_test(branches_have_labels),
      cmocka_unit_test(exceptions_have_tags_and_catches),
      cmocka_unit_test(calls_have_functions_types_and_tables),
      cmocka_unit_test(an_access_has_an_alignment_a_memory_and_an_offset),
      cmocka_unit_test(constants_have_their_values),
      cmocka_unit_test(the_rest_has_indices),
      cmocka_unit_test(unused_opcodes_are_newer),
      cmocka_unit_test(blocks_are_counted),
      cmocka_unit_test(atomic_reads_have_a_width_and_an_address_on_the_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
