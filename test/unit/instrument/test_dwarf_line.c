/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Line tables: each row of the new one is the old one's, its address moved. */
#include "dwarf_bytes.h"

struct row {
  uint64_t address;
  int64_t line;
  bool is_end;
};

/* ------------------------------------------- a reader of its own, as oracle */

struct table {
  struct row rows[64];
  size_t count;
};

static uint64_t uleb(const uint8_t **at) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

/* Lines are advanced by special opcodes only: line_base -3, line_range 12. */
static struct table read_program(const uint8_t *at, const uint8_t *end,
                                 uint8_t opcode_base) {
  struct table table = {.count = 0};
  struct row row = {.line = 1};
  while (at < end) {
    uint8_t opcode = *at++;
    bool is_row = opcode == 1 || opcode >= opcode_base;
    if (opcode >= opcode_base) {
      row.address += (unsigned)(opcode - opcode_base) / 12;
      row.line += (opcode - opcode_base) % 12 - 3;
    } else if (opcode == 2) {
      row.address += uleb(&at);
    } else if (opcode == 8) {
      row.address += (255u - opcode_base) / 12;
    } else if (opcode == 9) {
      row.address += at[0] + 256u * at[1];
      at += 2;
    } else if (opcode == 13) { /* one that is not in the standard */
      uleb(&at);
      uleb(&at);
    } else if (opcode == 0) {
      uint64_t length = uleb(&at);
      row.is_end = is_row = *at == 1;
      if (*at == 2)
        row.address =
            at[1] + 256u * at[2] + 65536u * at[3] + ((uint64_t)at[4] << 24);
      at += length;
    }
    if (is_row) table.rows[table.count++] = row;
    if (row.is_end) row = (struct row){.line = 1};
  }
  return table;
}

/* ---------------------------------------------------------------- programs */

#define SET(address) "\0\5\2" address "\0\0"
#define END "\0\1\1"
#define SPECIAL(advance, line) 13 + (advance) * 12 + (line) + 3

/* A header of version 4, then the program. */
static void put_unit(const void *program, size_t length) {
  size_t unit = begin_length(LINE);
  put(LINE, "\4\0");
  size_t header = begin_length(LINE);
  put(LINE, "\1\1\1\xfd\x0c\x0d\0\1\1\1\1\0\0\0\1\0\0\1\0a.c\0\0\0\0\0");
  end_length(LINE, header);
  put_bytes(LINE, program, length);
  end_length(LINE, unit);
}

#define HEADER_LENGTH 37 /* of such a unit */

static bool is_dropped(uint64_t address) {
  return address == 0 || address > CODE_LENGTH;
}

static void assert_rows(size_t count) {
  const uint8_t *old = sections[LINE].data, *new = new_bytes(LINE);
  struct table before =
      read_program(old + HEADER_LENGTH, old + sections[LINE].length, 13);
  struct table after =
      read_program(new + HEADER_LENGTH, new + new_length(LINE), 13);
  assert_int_equal(before.count, count);
  assert_int_equal(after.count, count);
  for (size_t i = 0; i < count; i++) {
    uint64_t address = before.rows[i].address;
    if (!is_dropped(address)) address = wsig_offset_map_apply(&map, address);
    assert_int_equal(after.rows[i].address, address);
    assert_int_equal(after.rows[i].line, before.rows[i].line);
    assert_int_equal(after.rows[i].is_end, before.rows[i].is_end);
  }
  assert_int_equal(new_u32(LINE, 0), new_length(LINE) - 4);
}

/* ------------------------------------------------------------------- tests */

TEST(a_special_opcode_that_still_fits_stays_one_byte) {
  uint8_t program[] = SET("\x14\0") "\1.." END;
  program[8] = SPECIAL(2, 1);
  program[9] = SPECIAL(1, 0);
  insert(21, 3);
  put_unit(program, sizeof program - 1);
  assert_moves();
  assert_rows(4);
  assert_int_equal(new_length(LINE), sections[LINE].length);
}

TEST(a_special_opcode_that_no_longer_fits_gets_an_advance) {
  uint8_t program[] = SET("\x14\0") "\1." END;
  program[8] = SPECIAL(2, 8);
  insert(21, 300);
  put_unit(program, sizeof program - 1);
  assert_moves();
  assert_rows(3);
  assert_int_equal(new_length(LINE), sections[LINE].length + 3);
}

TEST(all_advances_move) {
  static const char program[] =
      SET("\x14\0") "\1\2\5\1\x08\1\x09\7\0\1\2\x80\1\1" END;
  insert(22, 4);
  insert(40, 20);
  insert(47, 200);
  insert(100, 1000);
  put_unit(program, sizeof program - 1);
  assert_moves();
  assert_rows(6);
}

TEST(the_end_of_a_sequence_moves) {
  static const char program[] =
      SET("\x14\0") "\1\2\4" END SET("\x20\0") "\1" END;
  insert(22, 7);
  insert(25, 9);
  put_unit(program, sizeof program - 1);
  assert_moves();
  assert_rows(4);
}

TEST(rows_past_the_code_keep_their_distance_from_it) {
  static const char program[] = SET("\x14\0") "\1\2\x80\x80\4\1\2\4" END;
  insert(22, 7);
  put_unit(program, sizeof program - 1);
  assert_moves();
  const uint8_t *new = new_bytes(LINE);
  struct table after =
      read_program(new + HEADER_LENGTH, new + new_length(LINE), 13);
  assert_int_equal(after.count, 3);
  assert_int_equal(after.rows[0].address, 20);
  assert_int_equal(after.rows[1].address, 20 + 0x10000 + 7);
  assert_int_equal(after.rows[2].address, 20 + 0x10000 + 4 + 7);
}

TEST(sequences_of_dropped_functions_stay) {
  static const char program[] =
      SET("\0\0") "\1\2\x20\1\2\4" END
                  "\0\5\2\xff\xff\xff\xff\1\2\x20\1\2\4" END SET(
                      "\x20\0") "\1\2\4" END;
  insert(22, 7);
  put_unit(program, sizeof program - 1);
  assert_moves();
  /* The oracle knows them by their first address only. */
  assert_int_equal(new_length(LINE), sections[LINE].length);
  uint8_t expected[SECTION_MOST];
  size_t length = sections[LINE].length;
  memcpy(expected, sections[LINE].data, length);
  expected[length - 10] = 0x27;
  assert_memory_equal(new_bytes(LINE), expected, length);
}

TEST(a_sequence_without_an_address_starts_at_zero) {
  static const char program[] =
      SET("\x30\0") "\1\2\4" END "\2\x14\1\2\4\1\2\4" END;
  insert(22, 7);
  insert(50, 3);
  put_unit(program, sizeof program - 1);
  assert_moves();
  assert_rows(5);
}

TEST(instructions_that_do_not_advance_are_copied) {
  /* file, column, stmt, block, prologue, isa, discriminator, another's */
  static const char program[] = SET("\x14\0") "\4\1\5\x82\1\6\7\x0a\x0b\x0c\3"
                                              "\0\2\4\5\0\3\x80\1\2\1\2\4" END;
  insert(22, 7);
  put_unit(program, sizeof program - 1);
  assert_moves();
  size_t at = HEADER_LENGTH + 7, length = sections[LINE].length - at - 5;
  assert_memory_equal(new_bytes(LINE) + at, sections[LINE].data + at, length);
  assert_bytes(LINE, sections[LINE].length - 5, "\2\x0b" END);
}

TEST(an_unknown_extended_opcode_is_skipped) {
  size_t unit = begin_length(LINE);
  put(LINE, "\2\0");
  size_t header = begin_length(LINE);
  put(LINE, "\1\1\xfd\x0c\x0e\0\1\1\1\1\0\0\0\1\0\0\1\2\0\0");
  end_length(LINE, header);
  put(LINE, SET("\x14\0") "\x0d\2\3\1\2\4\1" END);
  end_length(LINE, unit);
  insert(22, 7);
  assert_moves();
  assert_bytes(LINE, 30, SET("\x14\0") "\x0d\2\3\1\2\x0b\1" END);
}

TEST(a_unit_after_one_that_grew_is_found) {
  insert(22, 300);
  put_unit(SET("\x14\0") "\1\2\4" END, 13);
  uint32_t second = (uint32_t)sections[LINE].length;
  put_unit(SET("\x30\0") "\1\2\4" END, 13);
  put(ABBREV, "\1\x11\0\x10\x17\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\4\0\0\0\0\0\4\1");
  put_u32(INFO, second);
  end_length(INFO, unit);
  assert_moves();
  assert_int_equal(new_length(LINE), sections[LINE].length + 1);
  assert_int_equal(new_u32(INFO, 12), second + 1);
  assert_int_equal(new_u32(LINE, second + 1), new_length(LINE) - second - 5);
}

TEST(an_offset_to_no_unit_is_refused) {
  insert(22, 300);
  put_unit(SET("\x14\0") "\1\2\4" END, 13);
  put(ABBREV, "\1\x11\0\x10\x17\0\0\0");
  put(INFO, "\x0c\0\0\0\4\0\0\0\0\0\4\1\1\0\0\0");
  assert_refused("where nothing starts");
}

TEST(an_offset_in_macros_follows) {
  insert(22, 300);
  put_unit(SET("\x14\0") "\1\2\4" END, 13);
  uint32_t second = (uint32_t)sections[LINE].length;
  put_unit(SET("\x30\0") "\1" END, 11);
  put(MACRO, "\5\0\2\0\0\0\0\3\0\1\1\2A\0\x0b\1\1\4\0\5\0\2");
  put_u32(MACRO, second);
  put(MACRO, "\5\1\1\1\1\1\0");
  assert_moves();
  assert_int_equal(new_u32(MACRO, 3), 0);
  assert_int_equal(new_u32(MACRO, 22), second + 1);
}

TEST(a_program_within_the_header_is_refused) {
  put(LINE, "\x1a\0\0\0\4\0\x11\0\0\0");
  put(LINE, "\1\1\1\xfd\x0c\x0d\0\1\1\1\1\0\0\0\1\0\0\1");
  put(LINE, "\1\1");
  assert_refused("malformed");
}

TEST(unsupported_units_are_refused) {
  struct {
    size_t at;
    uint8_t value;
    const char *why;
  } cases[] = {
      {0, 90, "malformed"},      {4, 6, "version"},
      {6, 200, "malformed"},     {6, 17, "malformed"},
      {10, 4, "count in bytes"}, {11, 4, "count in bytes"},
      {14, 0, "malformed"},      {15, 2, "other opcodes"},
      {17, 2, "other opcodes"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    insert(22, 300);
    put_unit(SET("\x14\0") "\x40\x40" END, 12);
    section_bytes[LINE][cases[i].at] = cases[i].value;
    assert_refused(cases[i].why);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SECTIONS_TEST(a_special_opcode_that_still_fits_stays_one_byte),
      SECTIONS_TEST(a_special_opcode_that_no_longer_fits_gets_an_advance),
      SECTIONS_TEST(all_advances_move),
      SECTIONS_TEST(the_end_of_a_sequence_moves),
      SECTIONS_TEST(rows_past_the_code_keep_their_distance_from_it),
      SECTIONS_TEST(sequences_of_dropped_functions_stay),
      SECTIONS_TEST(a_sequence_without_an_address_starts_at_zero),
      SECTIONS_TEST(instructions_that_do_not_advance_are_copied),
      SECTIONS_TEST(an_unknown_extended_opcode_is_skipped),
      SECTIONS_TEST(a_unit_after_one_that_grew_is_found),
      SECTIONS_TEST(an_offset_to_no_unit_is_refused),
      SECTIONS_TEST(an_offset_in_macros_follows),
      SECTIONS_TEST(a_program_within_the_header_is_refused),
      SECTIONS_TEST(unsupported_units_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
