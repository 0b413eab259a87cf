/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Debug sections in which any byte is changed, or which end anywhere. They must
 * be moved or refused, and nothing else may happen. */
#include "dwarf_bytes.h"

/* All sections at once, for the tests that damage them. */
static void put_all(void) {
  insert(15, 2);
  insert(25, 500);
  put(ADDR, "\x0c\0\0\0\5\0\4\0\x14\0\0\0\x20\0\0\0");
  for (int i = 0; i < 2; i++) {
    enum section_name section = i ? LOCLISTS : RNGLISTS;
    size_t table = begin_table(section);
    if (i)
      put(LOCLISTS, "\4\2\x0c\2\x20\0\2\0\1\1\x20\3\0\x0c\0\0");
    else
      put(RNGLISTS, "\4\2\x0c\1\0\3\0\x20\0");
    set_second(section);
    put(section, "\0");
    end_length(section, table);
  }
  put(RANGES, "\2\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0\0");
  put(LOC, "\2\0\0\0\x0a\0\0\0\1\0\x20\0\0\0\0\0\0\0\0");
  put(ARANGES, "\x1c\0\0\0\2\0\0\0\0\0\4\0....\x14\0\0\0\x0c\0\0\0");
  put(ARANGES, "\0\0\0\0\0\0\0\0");
  put(MACRO, "\5\0\2\0\0\0\0\1\1A\0\5\1\1\1\1\1\0");
  size_t unit = begin_length(LINE);
  put(LINE, "\3\0\x18\0\0\0\1\1\xfd\x0c\x0d\0\1\1\1\1\0\0\0\1\0\0\1\0a\0");
  put(LINE, "\0\0\0\0\0\5\2\x14\0\0\0\1\2\4\x88\x08\x09\4\0\1\2\1\0\1\1");
  end_length(LINE, unit);
  entry(5, "\x73\x17\x74\x17\x8c\1\x17\x10\x17\x11\x1b\x12\6\x55\x23\2\x22",
        "\x08\0\0\0\x0c\0\0\0\x0c\0\0\0\0\0\0\0\0\x0c\0\0\0\0\0");
  uint32_t second = (uint32_t)sections[ABBREV].length;
  put(ABBREV, "\1\x11\0\x11\1\x12\x0f\x55\x17\2\x17\x0b\x16\0\0\0");
  unit = begin_length(INFO);
  put(INFO, "\4\0");
  put_u32(INFO, second);
  put(INFO, "\4\1\x14\0\0\0\x8c\0\0\0\0\0\0\0\0\0\x0a\1 ");
  end_length(INFO, unit);
}

TEST(all_sections_move_together) {
  put_all();
  assert_moves();
  for (int i = 0; i < SECTIONS; i++)
    assert_int_equal(sections[i].is_changed, i != ABBREV && i != MACRO &&
                                                 i != TYPES && i != STR &&
                                                 i != OTHER);
}

/* A copy on the heap, of the exact length, so that a sanitizer reports reads
 * past its end. */
static void move_damaged(enum section_name section, size_t length) {
  const uint8_t *data = sections[section].data;
  size_t whole = sections[section].length;
  uint8_t *copy = malloc(length > 0 ? length : 1);
  assert_non_null(copy);
  memcpy(copy, data, length);
  sections[section].data = copy;
  sections[section].length = length;
  int outcome = move_sections();
  assert_true(outcome == 0 || outcome == 1);
  if (outcome == 1) {
    assert_non_null(why);
    assert_nothing_changed();
  }
  for (int i = 0; i < SECTIONS; i++) wsig_bytes_release(&sections[i].moved);
  free(copy);
  sections[section].data = data;
  sections[section].length = whole;
}

TEST(sections_that_end_anywhere_do_no_harm) {
  put_all();
  for (enum section_name i = 0; i < OTHER; i++)
    for (size_t length = 0; length < sections[i].length; length++)
      move_damaged(i, length);
}

TEST(bytes_of_any_value_do_no_harm) {
  put_all();
  for (enum section_name i = 0; i < OTHER; i++)
    for (size_t at = 0; at < sections[i].length; at++) {
      uint8_t kept = section_bytes[i][at];
      for (unsigned value = 0; value < 256; value++) {
        section_bytes[i][at] = (uint8_t)value;
        move_damaged(i, sections[i].length);
      }
      section_bytes[i][at] = kept;
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SECTIONS_TEST(all_sections_move_together),
      SECTIONS_TEST(sections_that_end_anywhere_do_no_harm),
      SECTIONS_TEST(bytes_of_any_value_do_no_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
