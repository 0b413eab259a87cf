/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Debug sections written by hand, byte by byte:
 *
 *     begin();                            // no sections, no insertions
 *     insert(20, 5);                      // 5 bytes before the byte at 20
 *     put(INFO, "\4\0\1");
 *     put_u32(INFO, 20);
 *     assert_moves();
 *     assert_bytes(INFO, 3, "\x19\0\0\0");
 *
 * Code is 1000 bytes long.
 */
#ifndef WSIG_TEST_DWARF_BYTES_H
#define WSIG_TEST_DWARF_BYTES_H

#include <stdlib.h>
#include <string.h>

#include "../support.h"
#include "instrument/dwarf/dwarf.h"

enum section_name {
  INFO,
  ABBREV,
  ADDR,
  LINE,
  RANGES,
  RNGLISTS,
  LOC,
  LOCLISTS,
  ARANGES,
  MACRO,
  TYPES,
  STR,
  OTHER, /* named by the test */
  SECTIONS
};

#define CODE_LENGTH 1000
#define SECTION_MOST 4096

static const char *const section_names[OTHER] = {
    ".debug_info",    ".debug_abbrev",   ".debug_addr",  ".debug_line",
    ".debug_ranges",  ".debug_rnglists", ".debug_loc",   ".debug_loclists",
    ".debug_aranges", ".debug_macro",    ".debug_types", ".debug_str"};

static struct wsig_custom sections[SECTIONS];
static uint8_t section_bytes[SECTIONS][SECTION_MOST];
static struct wsig_offset_map map;
static const char *why;

static inline void release(void) {
  for (int i = 0; i < SECTIONS; i++) wsig_bytes_release(&sections[i].moved);
  wsig_offset_map_release(&map);
}

static inline void begin(void) {
  release();
  for (int i = 0; i < SECTIONS; i++) {
    const char *name = i < OTHER ? section_names[i] : "name";
    sections[i] = (struct wsig_custom){
        .name = name, .name_length = strlen(name), .data = section_bytes[i]};
  }
  why = NULL;
}

static inline int begin_test(void **state) {
  (void)state;
  begin();
  return 0;
}

static inline int end_test(void **state) {
  (void)state;
  release();
  return 0;
}

#define SECTIONS_TEST(sentence) \
  cmocka_unit_test_setup_teardown(sentence, begin_test, end_test)

/** Inserts bytes before the one at `at`. Call it in ascending order. */
static inline void insert(uint64_t at, uint64_t bytes) {
  size_t count = map.count;
  wsig_offset_map_add(&map, at,
                      bytes + (count ? map.entries[count - 1].by : 0));
}

static inline void put_bytes(enum section_name to, const void *bytes,
                             size_t length) {
  if (length > SECTION_MOST - sections[to].length) abort();
  memcpy(section_bytes[to] + sections[to].length, bytes, length);
  sections[to].length += length;
}

/** A string literal, including NULs inside it, but not the one at its end. */
#define put(to, literal) put_bytes(to, literal, sizeof(literal) - 1)

static inline void put_u32(enum section_name to, uint32_t number) {
  uint8_t bytes[4];
  for (int i = 0; i < 4; i++, number >>= 8) bytes[i] = (uint8_t)number;
  put_bytes(to, bytes, 4);
}

/** The length of the bytes after it: begin_length, bytes, end_length. */
static inline size_t begin_length(enum section_name of) {
  put_u32(of, 0);
  return sections[of].length;
}

static inline void end_length(enum section_name of, size_t start) {
  size_t length = sections[of].length - start;
  for (int i = 0; i < 4; i++, length >>= 8)
    section_bytes[of][start - 4 + (size_t)i] = (uint8_t)length;
}

/* A unit of one kind of entry (code 1) whose abbreviation is `specs`, pairs of
 * an attribute and a form, and whose values are `values`. */
static inline void put_entry(uint8_t version, const void *specs,
                             size_t specs_length, const void *values,
                             size_t values_length) {
  put(ABBREV, "\1\x11\0");
  put_bytes(ABBREV, specs, specs_length);
  put(ABBREV, "\0\0\0");
  size_t unit = begin_length(INFO);
  put_bytes(INFO, &version, 1);
  put(INFO, "\0");
  if (version == 5)
    put(INFO, "\1\4\0\0\0\0\1");
  else
    put(INFO, "\0\0\0\0\4\1");
  put_bytes(INFO, values, values_length);
  end_length(INFO, unit);
}

#define entry(version, specs, values) \
  put_entry(version, specs, sizeof(specs) - 1, values, sizeof(values) - 1)

/* A table with two lists in its offsets; the lists follow. */
static inline size_t begin_table(enum section_name section) {
  size_t table = begin_length(section);
  put(section, "\5\0\4\0\2\0\0\0\x08\0\0\0");
  put_u32(section, 0); /* set later: the second list */
  return table;
}

static inline void set_second(enum section_name section) {
  section_bytes[section][16] = (uint8_t)(sections[section].length - 12);
}

/* ----------------------------------------------------------------- results */

static inline int move_sections(void) {
  why = NULL;
  return wsig_dwarf_move(sections, SECTIONS, &map, CODE_LENGTH, &why);
}

static inline const uint8_t *new_bytes(enum section_name of) {
  return sections[of].is_changed ? sections[of].moved.data : sections[of].data;
}

static inline size_t new_length(enum section_name of) {
  return sections[of].is_changed ? sections[of].moved.length
                                 : sections[of].length;
}

static inline uint32_t new_u32(enum section_name of, size_t at) {
  assert_true(at + 4 <= new_length(of));
  uint32_t number = 0;
  for (size_t i = 0; i < 4; i++)
    number |= (uint32_t)new_bytes(of)[at + i] << (8 * i);
  return number;
}

static inline void assert_nothing_changed(void) {
  for (int i = 0; i < SECTIONS; i++) {
    assert_false(sections[i].is_changed);
    assert_null(sections[i].moved.data);
  }
}

#define assert_moves()                   \
  do {                                   \
    int outcome = move_sections();       \
    if (why) print_message("%s\n", why); \
    assert_int_equal(outcome, 0);        \
  } while (0)

#define assert_refused(because)            \
  do {                                     \
    assert_int_equal(move_sections(), 1);  \
    assert_non_null(strstr(why, because)); \
    assert_nothing_changed();              \
  } while (0)

/** The bytes from `at` to the end of the new section. */
#define assert_bytes(of, at, literal)                                        \
  do {                                                                       \
    assert_int_equal(new_length(of), (at) + sizeof(literal) - 1);            \
    assert_memory_equal(new_bytes(of) + (at), literal, sizeof(literal) - 1); \
  } while (0)

#endif
