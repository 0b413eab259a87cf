/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verdicts of the module reader on modules that break the rules, with the
 * offset of the fault. The first section begins at byte 8, its content mostly
 * at 10. */
#include "module_bytes.h"

/* A module of one section. */
#define one(number, literal) one_section(number, literal, sizeof(literal) - 1)

static struct module *one_section(uint8_t number, const char *bytes,
                                  size_t length) {
  struct module *module = module_begin();
  section_bytes(module, number, bytes, length);
  return module;
}

/* --------------------------------------------------------------- sections */

TEST(sections_have_an_order) {
  struct module *module = one(GLOBALS, "\0");
  section(module, TAGS, "\0");
  assert_malformed(module, 11);
  module = one(CODE, "\0");
  section(module, DATA_COUNT, "\0");
  assert_malformed(module, 11);
  module = one(MEMORIES, "\0");
  section(module, TAGS, "\0");
  section(module, GLOBALS, "\0");
  section(module, ELEMENTS, "\0");
  section(module, DATA_COUNT, "\0");
  section(module, CODE, "\0");
  section(module, DATA, "\0");
  assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
}

TEST(a_section_comes_at_most_once) {
  struct module *module = one(TYPES, "\0");
  section(module, TYPES, "\0");
  assert_malformed(module, 11);
}

TEST(custom_sections_may_be_anywhere_and_contain_anything) {
  struct module *module = one(CUSTOM, "\0");
  section(module, CUSTOM, "\4name\xff\xff");
  section(module, TYPES, "\0");
  section(module, CUSTOM, "\1x\xff");
  assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
}

TEST(a_section_that_is_longer_than_its_content_is_malformed) {
  assert_malformed(one(MEMORIES, "\1\0\2\0"), 13);
  assert_malformed(one(CODE, "\0\0"), 11);
}

TEST(a_section_that_is_shorter_than_its_content_is_malformed) {
  struct module *module = one(MEMORIES, "\1\0");
  section(module, GLOBALS, "\0");
  assert_malformed(module, 12);
}

TEST(a_section_longer_than_the_file_ends_too_early) {
  struct module *module = module_begin();
  put(module, "\5\x10\1\0\2");
  assert_verdict(module, WASMSIG_VERDICT_TRUNCATED);
  assert_int_equal(report.offset, module->length);
}

/* ---------------------------------------------------------------- numbers */

TEST(a_number_may_be_longer_than_it_need_be) {
  assert_verdict(one(MEMORIES, "\x81\x80\x80\x80\0\0\2"),
                 WASMSIG_VERDICT_NO_WORDS);
}

TEST(a_number_that_is_too_long_or_too_large_is_malformed) {
  assert_malformed(one(MEMORIES, "\x81\x80\x80\x80\x80\0\0\2"), 10);
  assert_malformed(one(MEMORIES, "\x81\x80\x80\x80\x10\0\2"), 10);
  assert_malformed(one(MEMORIES, "\1\4\x81\x80\x80\x80\x80\x80\x80\x80\x80\2"),
                   12);
}

#define GLOBAL(expression) one(GLOBALS, "\1\x7f\0" expression "\x0b")
#define GLOBAL_64(expression) one(GLOBALS, "\1\x7e\0" expression "\x0b")

TEST(signed_numbers_repeat_their_sign_in_bits_beyond_their_type) {
  assert_verdict(GLOBAL("\x41\xff\xff\xff\xff\x7f"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(GLOBAL("\x41\xff\xff\xff\xff\7"), WASMSIG_VERDICT_NO_WORDS);
  assert_malformed(GLOBAL("\x41\xff\xff\xff\xff\x0f"), 14);
  assert_malformed(GLOBAL("\x41\x80\x80\x80\x80\x70"), 14);
  assert_malformed(GLOBAL("\x41\xff\xff\xff\xff\xff\x7f"), 14);
  assert_verdict(GLOBAL_64("\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"),
                 WASMSIG_VERDICT_NO_WORDS);
  assert_malformed(GLOBAL_64("\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7e"),
                   14);
}

/* ------------------------------------------------------------------ names */

TEST(names_are_utf_8) {
  static const struct {
    const char *bytes;
    int wrong; /* at which byte; -1: none */
  } names[] = {
      {"\xc3\xa9", -1},
      {"\xe2\x82\xac", -1},
      {"\xf0\x9f\x98\x80", -1},
      {"\xf4\x8f\xbf\xbf", -1},
      {"\x80", 0},
      {"\xc0\x80", 0},
      {"\xe0\x80\x80", 1},
      {"\xed\xa0\x80", 1},
      {"\xf0\x80\x80\x80", 1},
      {"\xf4\x90\x80\x80", 1},
      {"\xf5\x80\x80\x80", 0},
      {"a\xe2\x82", 3},
      {"\xc3z", 1},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct module *module = module_begin();
    size_t length = strlen(names[i].bytes);
    put(module, "\0");
    put_u32(module, (uint32_t)length + 1);
    put_u32(module, (uint32_t)length);
    put_bytes(module, names[i].bytes, length);
    if (names[i].wrong < 0)
      assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
    else
      assert_malformed(module, 11 + names[i].wrong);
  }
}

TEST(a_name_ends_in_its_section) {
  assert_malformed(one(CUSTOM, "\5abcd"), 10);
  assert_malformed(one(EXPORTS, "\1\xff\xff\xff\xff\x0f"), 11);
}

TEST(a_huge_name_in_a_short_file_costs_no_memory) {
  struct module *module = module_begin();
  put(module,
      "\2\xff\xff\xff\xff\x0f\1\xf0\xff\xff\xff\x0e"
      "abc");
  assert_verdict(module, WASMSIG_VERDICT_TRUNCATED);
  assert_int_equal(report.offset, module->length);
}

TEST(two_exports_cannot_have_the_same_name) {
  struct module *module = one(MEMORIES, "\1\0\1");
  section(module, EXPORTS, "\5\1a\2\0\1b\2\0\0\2\0\1a\2\0\1b\2\0");
  assert_malformed(module, 27); /* the second "a" */
  module = one(MEMORIES, "\1\0\1");
  section(module, EXPORTS, "\2\0\2\0\0\2\0");
  assert_malformed(module, 19);
}

/* ------------------------------------------------------------------ types */

TEST(a_type_is_only_where_it_is_allowed) {
  assert_malformed(one(TYPES, "\1\x60\1\x78\0"), 13); /* i8 is a field's */
  assert_malformed(one(TYPES, "\1\x60\1\x40\0"), 13);
  assert_malformed(one(TYPES, "\1\x50\0\x50\0\x60\0\0"), 13);
  assert_malformed(one(TYPES, "\1\x4e\1\x4e\0"), 13);
}

TEST(a_type_refers_to_earlier_ones_and_to_its_group) {
  assert_verdict(one(TYPES, "\1\x5f\1\x63\0\0"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(one(TYPES, "\1\x4e\2\x5f\1\x63\1\0\x5f\0"),
                 WASMSIG_VERDICT_NO_WORDS);
  assert_malformed(one(TYPES, "\2\x5f\1\x63\1\0\x5f\0"), 13);
  assert_malformed(one(TYPES, "\1\x4e\2\x5f\1\x63\2\0\x5f\0"), 15);
  assert_malformed(one(TYPES, "\1\x50\1\1\x60\0\0"), 13);
}

TEST(a_function_has_the_type_of_a_function) {
  struct module *module = one(TYPES, "\1\x5f\0");
  section(module, FUNCTIONS, "\1\0");
  assert_malformed(module, 16);
  module = one(TYPES, "\1\x60\0\0");
  section(module, IMPORTS, "\1\1a\1b\0\1");
  assert_malformed(module, 22);
}

TEST(limits_have_an_order) {
  assert_malformed(one(MEMORIES, "\1\2\1"), 11); /* shared, no maximum */
  assert_malformed(one(MEMORIES, "\1\1\2\1"), 12);
  assert_malformed(one(MEMORIES, "\1\0\x81\x80\4"), 12); /* 65537 */
  assert_malformed(one(MEMORIES, "\1\1\1\x81\x80\4"), 12);
  assert_verdict(one(MEMORIES, "\1\1\0\x80\x80\4"), WASMSIG_VERDICT_NO_WORDS);
  assert_malformed(one(TABLES, "\1\x7f\0\1"), 11);
  assert_malformed(one(TABLES, "\1\x70\0\x80\x80\x80\x80\x10"), 13);
}

/* ------------------------------------------------------------ expressions */

TEST(a_constant_expression_has_one_value_of_its_type) {
  assert_malformed(GLOBAL(""), 13);
  assert_malformed(GLOBAL("\x41\1\x41\1"), 17);
  assert_malformed(GLOBAL("\x42\1"), 15);
  assert_malformed(GLOBAL("\x41\1\x6a"), 15);
  assert_malformed(GLOBAL("\x41\1\x42\1\x6a"), 17);
  assert_malformed(one(GLOBALS, "\1\x70\0\x0b"), 13);
}

TEST(a_constant_expression_is_made_of_constant_instructions) {
  assert_malformed(GLOBAL("\x41\1\x41\1\x6d"), 17); /* i32.div_s */
  assert_malformed(one(GLOBALS, "\1\x70\0\x10\0\x0b"), 13);
  assert_malformed(one(GLOBALS, "\1\x70\0\xd2\0\x0b"), 14);
  assert_malformed(one(GLOBALS, "\1\x6b\0\xfb\1\0\x0b"), 15);
}

TEST(a_constant_expression_reads_earlier_immutable_globals) {
  assert_malformed(GLOBAL("\x23\0"), 14);
  assert_malformed(one(GLOBALS, "\2\x7f\1\x41\1\x0b\x7f\0\x23\0\x0b"), 19);
  assert_verdict(one(GLOBALS, "\2\x7f\0\x41\1\x0b\x7f\0\x23\0\x0b"),
                 WASMSIG_VERDICT_NO_WORDS);
}

/* -------------------------------------------------------------- references */

TEST(exports_and_start_refer_to_existing_items) {
  for (char kind = 0; kind < 5; kind++) {
    char bytes[] = "\1\1x\0\0";
    bytes[3] = kind;
    assert_malformed(one_section(EXPORTS, bytes, 5), 14);
  }
  assert_malformed(one(START, "\0"), 10);
}

TEST(segments_refer_to_existing_items) {
  assert_malformed(one(ELEMENTS, "\1\0\x41\0\x0b\0"), 11);
  assert_malformed(one(ELEMENTS, "\1\2\0\x41\0\x0b\0\0"), 12);
  assert_malformed(one(ELEMENTS, "\1\1\0\1\0"), 14);
  assert_malformed(one(DATA, "\1\0\x41\0\x0b\0"), 11);
  assert_malformed(one(DATA, "\1\2\0\x41\0\x0b\0"), 12);
  assert_malformed(one(DATA, "\1\1\2x"), 12);
}

TEST(there_are_as_many_bodies_as_functions) {
  struct module *module = one(TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  assert_malformed(module, module->length);
  section(module, CODE, "\2\2\0\x0b\2\0\x0b");
  assert_malformed(module, 20);
  assert_malformed(one(CODE, "\1\2\0\x0b"), 10);
}

TEST(there_are_as_many_data_as_their_count) {
  struct module *module = one(DATA_COUNT, "\1");
  assert_malformed(module, module->length);
  section(module, DATA, "\2\1\0\1\0");
  assert_malformed(module, 13);
}

TEST(a_tag_has_the_type_of_a_function) {
  assert_malformed(one(TAGS, "\1\0\0"), 12);
}

/* ------------------------------------------------------- code, with polls */

#define assert_code_is(wanted, body, at)                             \
  do {                                                               \
    struct module *module = one(TYPES, "\1\x60\0\0");                \
    section(module, FUNCTIONS, "\1\0");                              \
    section(module, CODE, "\1" body); /* its content begins at 20 */ \
    inspect_polls(module);                                           \
    assert_int_equal(report.verdict, wanted);                        \
    assert_int_equal(report.offset, at);                             \
  } while (0)
#define assert_code_malformed(body, at) \
  assert_code_is(WASMSIG_VERDICT_MALFORMED, body, at)

TEST(a_function_ends_where_its_size_says) {
  assert_code_malformed("\3\0\x0b\1", 24);
  assert_code_malformed("\2\0\1", 24);
  assert_code_malformed("\3\0\x0b", 21);
  assert_code_malformed("\4\0\2\x40\x0b", 26);
}

#define assert_code_readable(body)                              \
  do {                                                          \
    struct module *module = one(TYPES, "\1\x60\0\0");           \
    section(module, FUNCTIONS, "\1\0");                         \
    section(module, CODE, "\1" body);                           \
    inspect_polls(module);                                      \
    assert_int_equal(report.verdict, WASMSIG_VERDICT_NO_WORDS); \
  } while (0)

TEST(an_if_has_at_most_one_else) {
  assert_code_readable("\x06\0\4\x40\5\x0b\x0b");
  assert_code_malformed("\3\0\5\x0b", 23);
  assert_code_malformed("\x06\0\2\x40\5\x0b\x0b", 25);
  assert_code_malformed("\x07\0\4\x40\5\5\x0b\x0b", 26);
  assert_code_malformed("\x09\0\4\x40\2\x40\5\x0b\x0b\x0b", 27);
}

TEST(catch_and_delegate_are_only_in_a_try) {
  assert_code_readable("\x0a\0\6\x40\7\0\7\0\x19\x0b\x0b");
  assert_code_readable("\x06\0\6\x40\x18\0\x0b");
  assert_code_malformed("\x07\0\2\x40\7\0\x0b\x0b", 25);
  assert_code_malformed("\x06\0\2\x40\x19\x0b\x0b", 25);
  assert_code_malformed("\x06\0\2\x40\x18\0\x0b", 25);
  assert_code_malformed("\x08\0\6\x40\x19\7\0\x0b\x0b", 26);
  assert_code_malformed("\x08\0\6\x40\7\0\x18\0\x0b", 27);
}

TEST(code_that_names_data_comes_after_the_data_count) {
  assert_code_malformed("\5\0\xfc\x09\0\x0b", 25);
  struct module *module = one(TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, DATA_COUNT, "\1");
  section(module, CODE, "\1\5\0\xfc\x09\0\x0b");
  section(module, DATA, "\1\1\0");
  inspect_polls(module);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_NO_WORDS);
}

/* A function with a parameter and a local of type i32. */
static struct module *with_two_locals(const char *body, size_t length) {
  struct module *module = one(TYPES, "\1\x60\1\x7f\0");
  section(module, FUNCTIONS, "\1\0");
  section_bytes(module, CODE, body, length);
  return module;
}

TEST(code_names_locals_that_exist) {
  for (int opcode = 0x20; opcode <= 0x22; opcode++) {
    char body[] = "\1\6\1\1\x7f\x20\1\x0b"; /* begins at 21 */
    body[5] = (char)opcode;
    inspect_polls(with_two_locals(body, sizeof body - 1));
    assert_int_equal(report.verdict, WASMSIG_VERDICT_NO_WORDS);
    body[6] = 2;
    inspect_polls(with_two_locals(body, sizeof body - 1));
    assert_int_equal(report.verdict, WASMSIG_VERDICT_MALFORMED);
    assert_int_equal(report.offset, 27);
  }
}

TEST(code_names_globals_and_memories_that_exist) {
  assert_code_malformed("\4\0\x23\0\x0b", 24);
  assert_code_malformed("\4\0\x24\0\x0b", 24);
  assert_code_malformed("\5\0\x28\2\0\x0b", 25);
  assert_code_malformed("\4\0\x3f\0\x0b", 24);
  assert_code_malformed("\4\0\x40\0\x0b", 24);
  assert_code_malformed("\x06\0\xfc\x0a\0\0\x0b", 25);
  assert_code_malformed("\5\0\xfc\x0b\0\x0b", 25);
  assert_code_malformed("\x06\0\xfd\0\4\0\x0b", 26);
  assert_code_malformed("\x06\0\xfe\x10\2\0\x0b", 26);
}

TEST(a_function_has_fewer_than_2_to_the_32_locals) {
  assert_code_malformed("\x0a\2\xff\xff\xff\xff\x0f\x7f\1\x7f\x0b", 29);
}

/* -------------------------------------------------------- unused numbers */

TEST(unused_numbers_are_newer) {
  assert_newer(one(14, "\0"), 8);
  assert_newer(one(127, "what it holds"), 8);
  assert_newer(one(TYPES, "\1\x61\0\0"), 11);
  assert_newer(one(TYPES, "\1\x5d\0"), 11);         /* a continuation */
  assert_newer(one(TYPES, "\1\x50\0\x4d\0"), 13);   /* a descriptor */
  assert_newer(one(TYPES, "\1\x60\1\x68\0"), 13);   /* (ref null cont) */
  assert_newer(one(TYPES, "\1\x5f\1\x63\x62"), 14); /* (exact ...) */
  assert_newer(one(TYPES, "\1\x5e\x7f\2"), 13);     /* shared fields */
  assert_newer(one(MEMORIES, "\1\x08\1"), 11);      /* a size of pages */
  assert_newer(one(TABLES, "\1\x70\2\1"), 12);      /* a shared table */
  assert_newer(one(TABLES, "\1\x40\1\x70\0\1"), 12);
  assert_newer(one(TABLES, "\1\x65\x70\0\1"), 11);
  assert_newer(one(IMPORTS, "\1\1x\0\x7f"), 14); /* several of a module */
  assert_newer(one(EXPORTS, "\1\1x\5\0"), 13);
  assert_newer(one(TAGS, "\1\1\0"), 11);
  assert_newer(one(ELEMENTS, "\1\x08"), 11);
  assert_newer(one(ELEMENTS, "\1\1\1\0"), 12);
  assert_newer(one(DATA, "\1\3"), 11);
  assert_newer(GLOBAL("\x41\1\xff"), 15);
  assert_newer(one(GLOBALS, "\1\x7f\2\x41\0\x0b"), 12);
}

#define assert_code_newer(body, at) \
  assert_code_is(WASMSIG_VERDICT_NEWER, body, at)

TEST(code_with_unused_numbers_is_newer) {
  assert_code_newer("\3\0\xff\x0b", 23);
  assert_code_newer("\4\0\xe0\0\x0b", 23);         /* cont.new */
  assert_code_newer("\5\0\x28\x80\1\0\x0b", 24);   /* a flag of 128 */
  assert_code_newer("\6\0\xfe\x10\x22\0\x0b", 25); /* an ordering */
  assert_code_newer("\5\0\2\x65\x0b\x0b", 24);     /* a block's type */
  assert_code_newer("\7\0\x1f\x40\1\4\0\x0b", 26); /* a catch clause */
  assert_code_newer("\5\0\xfe\3\1\x0b", 25);       /* a fence */
}

TEST(a_newer_section_ends_within_the_file) {
  struct module *module = module_begin();
  put(module, "\x0e\x10\1\0\2");
  assert_verdict(module, WASMSIG_VERDICT_TRUNCATED);
  assert_int_equal(report.offset, module->length);
  module = module_begin();
  put(module, "\x0e\xff\xff\xff\xff\x7f");
  assert_malformed(module, 9);
}

TEST(a_type_that_is_no_negative_number_of_one_byte_is_malformed) {
  assert_malformed(one(TYPES, "\1\0\0\0"), 11);
  assert_malformed(one(TYPES, "\1\x60\1\x80\0"), 13);
  assert_malformed(one(TYPES, "\1\x5f\1\x63\xe2\x7f\0"), 14);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sections_have_an_order),
      cmocka_unit_test(a_section_comes_at_most_once),
      cmocka_unit_test(custom_sections_may_be_anywhere_and_contain_anything),
      cmocka_unit_test(a_section_that_is_longer_than_its_content_is_malformed),
      cmocka_unit_test(a_section_that_is_shorter_than_its_content_is_malformed),
      cmocka_unit_test(a_section_longer_than_the_file_ends_too_early),
      cmocka_unit_test(a_number_may_be_longer_than_it_need_be),
      cmocka_unit_test(a_number_that_is_too_long_or_too_large_is_malformed),
      cmocka_unit_test(
          signed_numbers_repeat_their_sign_in_bits_beyond_their_type),
      cmocka_unit_test(names_are_utf_8),
      cmocka_unit_test(a_name_ends_in_its_section),
      cmocka_unit_test(a_huge_name_in_a_short_file_costs_no_memory),
      cmocka_unit_test(two_exports_cannot_have_the_same_name),
      cmocka_unit_test(a_type_is_only_where_it_is_allowed),
      cmocka_unit_test(a_type_refers_to_earlier_ones_and_to_its_group),
      cmocka_unit_test(a_function_has_the_type_of_a_function),
      cmocka_unit_test(limits_have_an_order),
      cmocka_unit_test(a_constant_expression_has_one_value_of_its_type),
      cmocka_unit_test(a_constant_expression_is_made_of_constant_instructions),
      cmocka_unit_test(a_constant_expression_reads_earlier_immutable_globals),
      cmocka_unit_test(exports_and_start_refer_to_existing_items),
      cmocka_unit_test(segments_refer_to_existing_items),
      cmocka_unit_test(there_are_as_many_bodies_as_functions),
      cmocka_unit_test(there_are_as_many_data_as_their_count),
      cmocka_unit_test(a_tag_has_the_type_of_a_function),
      cmocka_unit_test(a_function_ends_where_its_size_says),
      cmocka_unit_test(an_if_has_at_most_one_else),
      cmocka_unit_test(catch_and_delegate_are_only_in_a_try),
      cmocka_unit_test(code_that_names_data_comes_after_the_data_count),
      cmocka_unit_test(code_names_locals_that_exist),
      cmocka_unit_test(code_names_globals_and_memories_that_exist),
      cmocka_unit_test(a_function_has_fewer_than_2_to_the_32_locals),
      cmocka_unit_test(unused_numbers_are_newer),
      cmocka_unit_test(code_with_unused_numbers_is_newer),
      cmocka_unit_test(a_newer_section_ends_within_the_file),
      cmocka_unit_test(
          a_type_that_is_no_negative_number_of_one_byte_is_malformed),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}
