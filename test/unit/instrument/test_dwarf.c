/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Addresses in entries, ranges and lists of locations: addresses of code move,
 * everything else stays. */
#include "dwarf_bytes.h"

#define VALUES_4 12 /* where the values are */
#define VALUES_5 13

/* ----------------------------------------------------------------- entries */

TEST(addresses_of_code_move) {
  insert(21, 5);
  /* low_pc, high_pc, entry_pc, call_return_pc, call_pc: form addr */
  entry(4, "\x11\1\x12\1\x52\1\x7d\1\x81\1\1",
        "\x14\0\0\0\x20\0\0\0\x15\0\0\0\x18\0\0\0\x19\0\0\0");
  assert_moves();
  assert_bytes(INFO, VALUES_4,
               "\x14\0\0\0\x25\0\0\0\x1a\0\0\0\x1d\0\0\0\x1e\0\0\0");
}

TEST(a_length_becomes_the_new_length) {
  insert(15, 2);
  insert(25, 5);
  /* high_pc before low_pc; of all forms that are constants */
  entry(4, "\x12\6\x11\1", "\x0c\0\0\0\x14\0\0\0");
  assert_moves();
  assert_bytes(INFO, VALUES_4, "\x11\0\0\0\x16\0\0\0");
  static const struct {
    char specs[6], old[12], new[12];
    size_t length;
  } forms[] = {
      {"\x11\1\x12\x0b", "\x14\0\0\0\x0c", "\x16\0\0\0\x11", 5},
      {"\x11\1\x12\5", "\x14\0\0\0\x0c\0", "\x16\0\0\0\x11\0", 6},
      {"\x11\1\x12\7", "\x14\0\0\0\x0c\0\0", "\x16\0\0\0\x11\0\0", 12},
      {"\x11\1\x12\x0f", "\x14\0\0\0\x0c", "\x16\0\0\0\x11", 5},
      {"\x11\1\x12\x0f", "\x14\0\0\0\x8c\0", "\x16\0\0\0\x91\0", 6},
      {"\x11\1\x12\x0d", "\x14\0\0\0\x0c", "\x16\0\0\0\x11", 5},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    begin();
    insert(15, 2);
    insert(25, 5);
    put_entry(4, forms[i].specs, 4, forms[i].old, forms[i].length);
    assert_moves();
    assert_memory_equal(new_bytes(INFO) + VALUES_4, forms[i].new,
                        forms[i].length);
  }
}

TEST(a_length_that_no_longer_fits_its_bytes_is_refused) {
  static const char *const specs[] = {"\x11\1\x12\x0b", "\x11\1\x12\x0f",
                                      "\x11\1\x12\x0d"};
  for (int i = 0; i < 3; i++) {
    begin();
    insert(25, 300);
    put_entry(4, specs[i], 4, "\x14\0\0\0\x0c", 5);
    assert_refused("no longer fits");
  }
  begin();
  insert(25, 60); /* it fits, but is read as negative */
  entry(4, "\x11\1\x12\x0d", "\x14\0\0\0\x0c");
  assert_refused("no longer fits");
  begin();
  insert(25, 300);
  entry(5, "\x11\1\x12\x21\x0c", "\x14\0\0\0"); /* implicit_const */
  assert_refused("no longer fits");
}

TEST(addresses_of_dropped_code_stay) {
  static const char *const dropped[] = {"\0\0\0\0", "\xff\xff\xff\xff",
                                        "\xfe\xff\xff\xff"};
  for (int i = 0; i < 3; i++) {
    uint8_t values[8] = {0, 0, 0, 0, 100};
    begin();
    insert(15, 2);
    memcpy(values, dropped[i], 4);
    put_entry(4, "\x11\1\x12\6", 4, values, 8);
    assert_moves();
    assert_nothing_changed();
  }
}

TEST(addresses_of_data_stay) {
  insert(15, 2);
  insert(200, 2);
  /* location: exprloc, addr 0x20; a plain constant, a string, a block */
  entry(4, "\2\x18\x1c\x0f\3\x08\x0b\x0a\x11\1",
        "\5\3\x20\0\0\0\x20 \0\2\x20\0\x20\0\0\0");
  assert_moves();
  assert_bytes(INFO, VALUES_4, "\5\3\x20\0\0\0\x20 \0\2\x20\0\x22\0\0\0");
}

TEST(addresses_of_code_in_the_pool_move) {
  insert(15, 2);
  put(ADDR, "\x14\0\0\0\5\0\4\0\x20\0\0\0\x21\0\0\0\x22\0\0\0\xff\xff\xff\xff");
  /* addr_base, low_pc addrx 1, location addrx 2, high_pc data4, call_pc 3 */
  entry(5, "\x73\x17\x11\x1b\2\x18\x12\6\x81\1\x29",
        "\x08\0\0\0\1\2\xa1\2\x10\0\0\0\3");
  assert_moves();
  assert_bytes(ADDR, 8, "\x20\0\0\0\x23\0\0\0\x22\0\0\0\xff\xff\xff\xff");
  assert_false(sections[INFO].is_changed);
}

TEST(abbreviations_come_in_any_order) {
  insert(15, 2);
  put(ABBREV, "\7\x11\1\0\0\3\x2e\0\x11\1\0\0\5\x0a\0\x3f\x0c\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\4\0\0\0\0\0\4\7\5\1\3\x14\0\0\0\0");
  end_length(INFO, unit);
  assert_moves();
  assert_bytes(INFO, 11, "\7\5\1\3\x16\0\0\0\0");
}

TEST(references_of_version_2_are_as_wide_as_addresses) {
  insert(15, 2);
  put(ABBREV, "\1\x11\0\x49\x10\x11\1\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\2\0\0\0\0\0\x08\1........\x14\0\0\0\0\0\0\0");
  end_length(INFO, unit);
  assert_moves();
  assert_bytes(INFO, VALUES_4 + 8, "\x16\0\0\0\0\0\0\0");
}

TEST(an_index_past_the_pool_is_refused) {
  put(ADDR, "\x08\0\0\0\5\0\4\0\x20\0\0\0");
  entry(5, "\x73\x17\x11\x1b", "\x08\0\0\0\1");
  assert_refused("past the end of .debug_addr");
  begin();
  put(ADDR, "\x08\0\0\0\5\0\4\0\x20\0\0\0"); /* four times 1 << 62 is 0 */
  entry(5, "\x73\x17\x11\x1b",
        "\x08\0\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x40");
  assert_refused("past the end of .debug_addr");
  begin();
  entry(5, "\x11\x1b", "\1");
  assert_refused("does not say where");
}

/* Entries: the unit, a template argument of a pointer type, that type, and the
 * type that it points to. */
static void put_argument(const char *pointed_to) {
  insert(15, 2);
  put(ABBREV,
      "\1\x11\1\0\0"
      "\2\x30\0\x49\x13\2\x18\0\0"
      "\3\x0f\0\x49\x13\0\0");
  put(ABBREV, "\4");
  put_bytes(ABBREV, pointed_to, 1);
  put(ABBREV, "\0\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\4\0\0\0\0\0\4\1");
  put(INFO, "\2\x18\0\0\0\6\3\x20\0\0\0\x9f");
  put(INFO, "\3\x1d\0\0\0\4\0");
  end_length(INFO, unit);
}

TEST(a_function_as_a_template_argument_moves) {
  put_argument("\x15");
  assert_moves();
  assert_int_equal(new_u32(INFO, 19), 0x22);
}

TEST(data_as_a_template_argument_stays) {
  put_argument("\x24");
  assert_moves();
  assert_nothing_changed();
}

/* ---------------------------------------------------------- ranges, before 5
 */

TEST(ranges_move_from_their_base) {
  insert(15, 2);
  insert(25, 5);
  put(RANGES, "....");
  /* of the unit's base, dropped, another base, dropped base, end */
  put(RANGES, "\2\0\0\0\x0a\0\0\0\xfe\xff\xff\xff\xfe\xff\xff\xff");
  put(RANGES, "\xff\xff\xff\xff\x0a\0\0\0\2\0\0\0\x14\0\0\0");
  put(RANGES, "\xff\xff\xff\xff\xfe\xff\xff\xff\2\0\0\0\x14\0\0\0");
  put(RANGES, "\xff\xff\xff\xff\0\0\0\0\x0e\0\0\0\x0f\0\0\0");
  put(RANGES, "\0\0\0\0\0\0\0\0\x20\0\0\0\x21\0\0\0");
  entry(4, "\x11\1\x55\x17", "\x14\0\0\0\4\0\0\0");
  assert_moves();
  assert_bytes(INFO, VALUES_4, "\x16\0\0\0\4\0\0\0");
  assert_bytes(RANGES, 4,
               "\2\0\0\0\x0f\0\0\0\xfe\xff\xff\xff\xfe\xff\xff\xff"
               "\xff\xff\xff\xff\x0a\0\0\0\2\0\0\0\x1b\0\0\0"
               "\xff\xff\xff\xff\xfe\xff\xff\xff\2\0\0\0\x14\0\0\0"
               "\xff\xff\xff\xff\0\0\0\0\x0e\0\0\0\x11\0\0\0"
               "\0\0\0\0\0\0\0\0\x20\0\0\0\x21\0\0\0");
}

TEST(locations_move_and_their_expressions_stay) {
  insert(25, 5);
  put(LOC, "\x10\0\0\0\x20\0\0\0\5\0\3\x20\0\0\0\0\0\0\0\0\0\0\0");
  entry(4, "\x11\1\2\x17", "\0\0\0\0\0\0\0\0");
  assert_moves();
  assert_bytes(LOC, 0, "\x10\0\0\0\x25\0\0\0\5\0\3\x20\0\0\0\0\0\0\0\0\0\0\0");
}

TEST(lists_that_overlap_are_refused) {
  insert(25, 5);
  put(RANGES, "\1\0\0\0\x20\0\0\0\3\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0");
  entry(4, "\x11\1\x55\x17\x55\x17", "\0\0\0\0\0\0\0\0\x08\0\0\0");
  assert_refused(".debug_ranges");
}

TEST(a_list_with_two_base_addresses_is_refused) {
  insert(25, 5);
  put(RANGES, "\1\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0");
  entry(4, "\x11\1\x55\x17", "\4\0\0\0\0\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\4\0\0\0\0\0\4\1\5\0\0\0\0\0\0\0");
  end_length(INFO, unit);
  assert_refused("share");
  section_bytes[INFO][VALUES_4 + 8 + 12] = 4;
  assert_moves();
}

TEST(aranges_move) {
  insert(15, 2);
  insert(25, 5);
  put(ARANGES, "\x34\0\0\0\2\0\0\0\0\0\4\0....");
  put(ARANGES, "\x14\0\0\0\x0c\0\0\0\xff\xff\xff\xff\x0c\0\0\0");
  put(ARANGES, "\0\0\0\0\x20\0\0\0");
  put(ARANGES, "\x05\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0");
  assert_moves();
  assert_bytes(ARANGES, 16,
               "\x16\0\0\0\x11\0\0\0\xff\xff\xff\xff\x0c\0\0\0"
               "\0\0\0\0\x20\0\0\0"
               "\x05\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0");
}

/* ----------------------------------------------------------------- lists, 5 */

TEST(lists_grow_and_references_to_them_follow) {
  insert(15, 2);
  insert(25, 500);
  size_t table = begin_table(RNGLISTS);
  put(RNGLISTS, "\4\2\x0c\4\1\1\0"); /* offset_pair */
  set_second(RNGLISTS);
  put(RNGLISTS, "\5\x10\0\0\0\4\1\2\0"); /* base_address */
  uint32_t third = (uint32_t)sections[RNGLISTS].length;
  put(RNGLISTS, "\6\x14\0\0\0\x20\0\0\0\7\x18\0\0\0\x09\0");
  end_length(RNGLISTS, table);
  /* low_pc, rnglists_base, ranges: rnglistx 0 and 1, sec_offset */
  uint8_t values[] = "\x14\0\0\0\x0c\0\0\0\0\1.\0\0\0";
  values[10] = (uint8_t)third;
  put_entry(5, "\x11\1\x74\x17\x55\x23\x55\x23\x55\x17", 10, values, 14);
  assert_moves();
  assert_bytes(RNGLISTS, 4,
               "\5\0\4\0\2\0\0\0\x08\0\0\0\x10\0\0\0"
               "\4\2\x80\4\4\1\1\0"
               "\5\x12\0\0\0\4\1\2\0"
               "\6\x16\0\0\0\x16\2\0\0\7\x1a\0\0\0\xfd\3\0");
  assert_int_equal(new_u32(RNGLISTS, 0), new_length(RNGLISTS) - 4);
  assert_bytes(INFO, VALUES_5, "\x16\0\0\0\x0c\0\0\0\0\1\x25\0\0\0");
}

TEST(a_table_after_one_that_grew_is_found) {
  insert(25, 500);
  size_t table = begin_length(RNGLISTS);
  put(RNGLISTS, "\5\0\4\0\0\0\0\0\4\2\x20\0");
  end_length(RNGLISTS, table);
  table = begin_length(RNGLISTS);
  put(RNGLISTS, "\5\0\4\0\2\0\0\0\x08\0\0\0\x0c\0\0\0");
  put(RNGLISTS, "\4\2\x20\0\4\3\x21\0");
  end_length(RNGLISTS, table);
  /* ranges: the first table's list; rnglists_base: the second's; its lists */
  entry(5, "\x55\x17\x74\x17\x55\x23\x55\x23", "\x0c\0\0\0\x1c\0\0\0\0\1");
  assert_moves();
  assert_bytes(RNGLISTS, 0,
               "\x0d\0\0\0\5\0\4\0\0\0\0\0\4\2\x94\4\0"
               "\x1a\0\0\0\5\0\4\0\2\0\0\0\x08\0\0\0\x0d\0\0\0"
               "\4\2\x94\4\0\4\3\x95\4\0");
  assert_bytes(INFO, VALUES_5, "\x0c\0\0\0\x1d\0\0\0\0\1");
}

TEST(locations_grow_and_their_expressions_stay) {
  insert(15, 2);
  insert(25, 500);
  put(ADDR, "\x0c\0\0\0\5\0\4\0\x14\0\0\0\x20\0\0\0");
  size_t table = begin_table(LOCLISTS);
  /* base_addressx, offset_pair, startx_endx, startx_length, default */
  put(LOCLISTS, "\1\0\4\2\x0c\2\x20\0\2\0\1\1\x20\3\0\x0c\0\5\1\x20\0");
  set_second(LOCLISTS);
  put(LOCLISTS, "\7\x14\0\0\0\x20\0\0\0\0\x08\x18\0\0\0\x09\1\x20\0");
  end_length(LOCLISTS, table);
  /* low_pc, addr_base, loclists_base, location: loclistx 0 and 1 */
  entry(5, "\x11\1\x73\x17\x8c\1\x17\2\x22\2\x22",
        "\0\0\0\0\x08\0\0\0\x0c\0\0\0\0\1");
  assert_moves();
  assert_bytes(LOCLISTS, 12,
               "\x08\0\0\0\x1f\0\0\0"
               "\1\0\4\2\x80\4\2\x20\0\2\0\1\1\x20\3\0\x80\4\0\5\1\x20\0"
               "\7\x16\0\0\0\x16\2\0\0\0\x08\x1a\0\0\0\xfd\3\1\x20\0");
  assert_bytes(ADDR, 8, "\x16\0\0\0\x16\2\0\0");
}

TEST(lists_of_dropped_functions_stay) {
  insert(15, 2);
  put(ADDR, "\x08\0\0\0\5\0\4\0\xff\xff\xff\xff");
  size_t table = begin_table(RNGLISTS);
  put(RNGLISTS, "\1\0\4\2\x20\3\0\x20\7\0\0\0\0\x20\0"); /* startx_length */
  set_second(RNGLISTS);
  put(RNGLISTS, "\4\2\x20\0");
  end_length(RNGLISTS, table);
  entry(5, "\x11\1\x73\x17\x74\x17\x55\x23\x55\x23",
        "\xff\xff\xff\xff\x08\0\0\0\x0c\0\0\0\0\1");
  assert_moves();
  assert_nothing_changed();
}

TEST(an_unused_list_is_copied) {
  insert(15, 2);
  size_t table = begin_table(RNGLISTS);
  put(RNGLISTS, "\4\2\x20\0");
  set_second(RNGLISTS);
  put(RNGLISTS, "\1\x63\2\x63\x63\0");
  end_length(RNGLISTS, table);
  assert_moves();
  assert_nothing_changed();
}

TEST(a_list_that_does_not_exist_is_refused) {
  size_t table = begin_table(RNGLISTS);
  put(RNGLISTS, "\4\2\x20\0");
  set_second(RNGLISTS);
  put(RNGLISTS, "\0");
  end_length(RNGLISTS, table);
  entry(5, "\x55\x17", "\x60\0\0\0");
  assert_refused("does not exist");
}

/* ---------------------------------------------------------------- refusals */

TEST(unsupported_attributes_are_refused) {
  static const struct {
    uint8_t version;
    char specs[8];
    const char *why;
  } cases[] = {
      {5, "\x76\x08", "split"},
      {4, "\xb0\x42\x08", "split"},
      {4, "\x2c\x0b", "start"},
      {4, "\xff\x40\1", "unknown attribute"},
      {4, "\xff\x40\x17", "unknown attribute"},
      {4, "\2\x70", "unknown form"},
      {6, "\2\x70", "unknown version"},
      {4, "\x11\x0b", "unsupported form"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    put_entry(cases[i].version, cases[i].specs, strlen(cases[i].specs),
              "\x14\0\0\0\0\0\0\0", 8);
    assert_refused(cases[i].why);
  }
}

TEST(a_unit_that_continues_in_another_file_is_refused) {
  put(ABBREV, "\1\x4a\0\0\0\0");
  size_t unit = begin_length(INFO);
  put(INFO, "\5\0\4\4\0\0\0\0........\1");
  end_length(INFO, unit);
  assert_refused("split");
}

TEST(sections_of_an_unknown_kind_are_refused) {
  static const char *const names[] = {".debug_frame", ".debug_info.dwo",
                                      ".debug_in", ".debug_"};
  for (int i = 0; i < 4; i++) {
    begin();
    put(OTHER, "x");
    sections[OTHER].name = names[i];
    sections[OTHER].name_length = strlen(names[i]);
    assert_refused("unknown kind");
  }
  sections[OTHER].name = ".debug_info";
  sections[OTHER].name_length = strlen(".debug_info");
  assert_refused("with the same name");
  sections[OTHER].name = ".debug"; /* not a debug section of DWARF */
  sections[OTHER].name_length = strlen(".debug");
  assert_moves();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SECTIONS_TEST(addresses_of_code_move),
      SECTIONS_TEST(a_length_becomes_the_new_length),
      SECTIONS_TEST(a_length_that_no_longer_fits_its_bytes_is_refused),
      SECTIONS_TEST(addresses_of_dropped_code_stay),
      SECTIONS_TEST(addresses_of_data_stay),
      SECTIONS_TEST(addresses_of_code_in_the_pool_move),
      SECTIONS_TEST(abbreviations_come_in_any_order),
      SECTIONS_TEST(references_of_version_2_are_as_wide_as_addresses),
      SECTIONS_TEST(an_index_past_the_pool_is_refused),
      SECTIONS_TEST(a_function_as_a_template_argument_moves),
      SECTIONS_TEST(data_as_a_template_argument_stays),
      SECTIONS_TEST(ranges_move_from_their_base),
      SECTIONS_TEST(locations_move_and_their_expressions_stay),
      SECTIONS_TEST(lists_that_overlap_are_refused),
      SECTIONS_TEST(a_list_with_two_base_addresses_is_refused),
      SECTIONS_TEST(aranges_move),
      SECTIONS_TEST(lists_grow_and_references_to_them_follow),
      SECTIONS_TEST(a_table_after_one_that_grew_is_found),
      SECTIONS_TEST(locations_grow_and_their_expressions_stay),
      SECTIONS_TEST(lists_of_dropped_functions_stay),
      SECTIONS_TEST(an_unused_list_is_copied),
      SECTIONS_TEST(a_list_that_does_not_exist_is_refused),
      SECTIONS_TEST(unsupported_attributes_are_refused),
      SECTIONS_TEST(a_unit_that_continues_in_another_file_is_refused),
      SECTIONS_TEST(sections_of_an_unknown_kind_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
