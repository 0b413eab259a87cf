/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Debug sections of a few hundred kilobytes. The time to read them must be in
 * proportion to their size. Otherwise these tests take hours, and CTest's
 * timeout ends them. */
#include "dwarf_bytes.h"

#include "instrument/dwarf/forms.h"

/* ------------------------------------------------------- sections of a size */

static uint8_t *info, *abbrev;

static uint8_t *space(uint8_t **of, size_t size) {
  free(*of);
  *of = calloc(1, size);
  assert_non_null(*of);
  return *of;
}

static void use(enum section_name section, const uint8_t *data, size_t length) {
  sections[section].data = data;
  sections[section].length = length;
}

static int release_all(void **state) {
  free(info);
  free(abbrev);
  info = abbrev = NULL;
  return end_test(state);
}

#define COSTS_TEST(sentence) \
  cmocka_unit_test_setup_teardown(sentence, begin_test, release_all)

static uint8_t *append(uint8_t *to, const char *bytes, size_t length) {
  memcpy(to, bytes, length);
  return to + length;
}

/* Code 1 with `count` attributes without bytes: `name` and a form. */
static void put_flags(uint8_t name, size_t count) {
  uint8_t *at = append(space(&abbrev, 2 * count + 8), "\1\x11\0", 3);
  for (size_t i = 0; i < count; i++) {
    *at++ = name;
    *at++ = WSIG_FORM_FLAG_PRESENT;
  }
  use(ABBREV, abbrev, (size_t)(at - abbrev) + 3);
}

/* The header of a unit of version 4 with `bytes` bytes of entries. */
static uint8_t *put_head(uint8_t *at, uint32_t table, uint32_t bytes) {
  wsig_dwarf_put(at, 4, bytes + 7);
  wsig_dwarf_put(at + 4, 2, 4);
  wsig_dwarf_put(at + 6, 4, table);
  at[10] = 4;
  return at + 11;
}

static void put_entries(uint32_t count) {
  uint8_t *at = put_head(space(&info, count + 11), 0, count);
  memset(at, 1, count);
  use(INFO, info, count + 11);
}

/* ------------------------------------------------------------------- tests */

enum { EXTERNAL = 0x3f, LOCATION = 0x02 };

TEST(flags_add_no_cost_to_an_entry) {
  insert(20, 5);
  put_flags(EXTERNAL, 100000);
  put_entries(5000000);
  assert_moves();
}

TEST(an_abbreviation_has_at_most_a_few_hundred_attributes_that_matter) {
  insert(20, 5);
  put_flags(LOCATION, WSIG_DWARF_ATTRIBUTES_MAX);
  put_entries(10);
  assert_moves();
  put_flags(LOCATION, WSIG_DWARF_ATTRIBUTES_MAX + 1);
  assert_refused("too many attributes");
}

/* Tables of `size` bytes, each with one abbreviation of flags. */
static void put_tables(uint32_t count, uint32_t size) {
  uint8_t *at = space(&abbrev, (size_t)count * size);
  use(ABBREV, abbrev, (size_t)count * size);
  for (uint32_t i = 0; i < count; i++, at += size) {
    uint8_t *flag = append(at, "\1\x11\0", 3);
    for (; flag + 5 < at + size; flag += 2) append(flag, "\x3f\x19", 2);
  }
}

/* Units of one entry; unit `i` has the table at `stride` * (`i` % `turns`). */
static void put_units(uint32_t count, uint32_t turns, uint32_t stride) {
  uint8_t *at = space(&info, 12 * (size_t)count);
  use(INFO, info, 12 * (size_t)count);
  for (uint32_t i = 0; i < count; i++) {
    at = put_head(at, i % turns * stride, 1);
    *at++ = 1;
  }
}

TEST(units_may_alternate_between_two_tables) {
  insert(20, 5);
  put_tables(2, 1000001);
  put_units(200000, 2, 1000001);
  assert_moves();
}

TEST(units_may_not_alternate_between_many_tables) {
  insert(20, 5);
  put_tables(1000, 1001);
  put_units(1000, 1000, 1001);
  assert_moves();
  put_units(200000, 1000, 1001);
  assert_refused("alternate between many");
}

/* Arguments whose type has a long name. */
TEST(types_are_not_followed_without_limit) {
  enum { ARGUMENTS = 200000, NAME = 1000000, ARGUMENT = 12 };
  insert(15, 2);
  put(ABBREV,
      "\2\x30\0\x49\x13\2\x18\0\0"
      "\3\x15\0\3\x08\0\0\0");
  uint32_t type = 11 + ARGUMENTS * ARGUMENT;
  uint32_t length = ARGUMENTS * ARGUMENT + 1 + NAME + 1;
  uint8_t *at = put_head(space(&info, length + 11), 0, length);
  for (int i = 0; i < ARGUMENTS; i++) {
    append(at, "\2....\6\3\x20\0\0\0\x9f", ARGUMENT);
    wsig_dwarf_put(at + 1, 4, type);
    at += ARGUMENT;
  }
  *at++ = 3;
  memset(at, 'a', NAME);
  use(INFO, info, length + 11);
  assert_refused("looked up too often");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      COSTS_TEST(flags_add_no_cost_to_an_entry),
      COSTS_TEST(
          an_abbreviation_has_at_most_a_few_hundred_attributes_that_matter),
      COSTS_TEST(units_may_alternate_between_two_tables),
      COSTS_TEST(units_may_not_alternate_between_many_tables),
      COSTS_TEST(types_are_not_followed_without_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
