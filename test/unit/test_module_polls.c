/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reads of the signal word that the module reader finds in code. The word
 * is at 1024 (bytes 80 08), local 0 is a parameter, 1 to 3 are locals. */
#include "module_bytes.h"

/* A module with one function: these instructions and `end`. */
static void inspect_code(const char *bytes, size_t length, const char *tail,
                         size_t tail_length) {
  struct module *module = module_begin();
  section(module, TYPES, "\2\x60\1\x7f\0\x60\0\0");
  section(module, IMPORTS, "\1\3env\1f\0\1");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\2\0\2\0\2");
  section(module, GLOBALS, "\2\x7f\0\x41\x80\x08\x0b\x7f\1\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\5\6memory\2\0"
          "\x11__instance_signal\3\0"
          "\4work\0\1"
          "\4also\0\1"
          "\4zero\0\1");
  put(module, "\x0a");
  put_u32(module, (uint32_t)length + 6);
  put(module, "\1");
  put_u32(module, (uint32_t)length + 4);
  put(module, "\1\3\x7f");
  put_bytes(module, bytes, length);
  put(module, "\x0b");
  put_bytes(module, tail, tail_length);
  inspect_polls(module);
  assert_string_equal(wasmsig_verdict_code(report.verdict), "tracked");
}

#define assert_polls(code, expected_atomic, expected_plain) \
  do {                                                      \
    inspect_code(code, sizeof(code) - 1, "", 0);            \
    assert_int_equal(report.polls.atomic, expected_atomic); \
    assert_int_equal(report.polls.plain, expected_plain);   \
  } while (0)

#define CONST_1024 "\x41\x80\x08"
#define CONST_0 "\x41\0"
#define GET "\x20"
#define SET "\x21"
#define TEE "\x22"
#define DROP "\x1a"
#define ATOMIC_LOAD "\xfe\x10\2\0"
#define LOAD "\x28\2\0"
#define BLOCK "\2\x40"
#define LOOP "\3\x40"
#define IF "\4\x40"
#define ELSE "\5"
#define END "\x0b"
#define BR_IF_0 "\x41\0\x0d\0"

/* ------------------------------------------------------- constant addresses */

TEST(a_load_from_the_word_is_a_poll) {
  assert_polls(CONST_1024 ATOMIC_LOAD DROP, 1, 0);
  assert_polls(CONST_1024 LOAD DROP, 0, 1);
}

TEST(the_offset_counts) {
  assert_polls(CONST_0 "\x28\2\x80\x08" DROP, 0, 1);
  assert_polls(CONST_0 "\xfe\x10\2\x80\x08" DROP, 1, 0);
  assert_polls(CONST_1024 "\x28\2\4" DROP, 0, 0);
  assert_polls(CONST_0 "\x28\2\x84\x08" DROP, 0, 0);
}

TEST(an_address_does_not_wrap) {
  /* -1024 + 2048 is 4294968320, outside the memory. */
  assert_polls("\x41\x80\x78\x28\2\x80\x10" DROP, 0, 0);
}

TEST(an_address_of_64_bits_does_not_wrap_either) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\1\4\2");
  section(module, GLOBALS, "\1\x7e\0\x42\x80\x08\x0b");
  section(module, EXPORTS, "\2\1m\2\0\x11__instance_signal\3\0");
  section(module, CODE,
          "\1\x11\0"
          "\x42\x80\x78\x28\2\x80\x10\x1a" /* -1024 + 2048 */
          "\x42\x80\x08\x28\2\0\x1a\x0b"); /* 1024 */
  inspect_polls(module);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(report.polls.plain, 1);
}

/* Wide plain loads copy data. A wide atomic load reads two words at once. */
TEST(loads_of_integers_are_polls_also_narrow_and_wide_ones) {
  assert_polls(CONST_1024 "\x2d\0\0" DROP, 0, 1);     /* i32.load8_u */
  assert_polls(CONST_1024 "\x35\2\0" DROP, 0, 1);     /* i64.load32_u */
  assert_polls(CONST_1024 "\x29\3\0" DROP, 0, 1);     /* i64.load */
  assert_polls(CONST_1024 "\x2a\2\0" DROP, 0, 0);     /* f32.load */
  assert_polls(CONST_1024 "\xfe\x11\3\0" DROP, 1, 0); /* i64.atomic.load */
  assert_polls(CONST_1024 "\xfe\x12\0\0" DROP, 1, 0); /* ...load8_u */
}

TEST(another_memory_contains_no_word) {
  assert_polls(CONST_1024 "\x28\x42\1\0" DROP, 0, 0);
  assert_polls(CONST_1024 "\x28\x42\0\0" DROP, 0, 1);
}

TEST(a_memory_of_the_words_own_contains_the_word) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\2\0\1\1\1\1");
  section(module, EXPORTS, "\1\x10__wasmsig_memory\2\1");
  section(module, CODE,
          "\1\x1f\0"
          "\x41\0\xfe\x10\x42\1\0\x1a" /* the signal word */
          "\x41\4\xfe\x10\x42\1\0\x1a" /* the terminated word */
          "\x41\0\xfe\x10\2\0\x1a"     /* memory 0 */
          "\x41\0\x28\2\0\x1a\x0b");
  inspect_polls(module);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(report.polls.atomic, 1);
  assert_int_equal(report.polls.plain, 0);
}

TEST(stores_are_no_polls) {
  assert_polls(CONST_1024 CONST_0 "\x36\2\0", 0, 0);
  assert_polls(CONST_1024 CONST_0 "\xfe\x17\2\0", 0, 0);
}

TEST(read_modify_writes_are_atomic_polls) {
  assert_polls(CONST_1024 CONST_0 "\xfe\x41\2\0" DROP, 1, 0);
  assert_polls(CONST_1024 GET "\0" CONST_0 "\xfe\x48\2\0" DROP, 1, 0);
  assert_polls(CONST_0 CONST_1024 "\xfe\x41\2\0" DROP, 0, 0);
}

TEST(sums_and_immutable_globals_are_addresses) {
  assert_polls("\x41\x80\4\x41\x80\4\x6a" LOAD DROP, 0, 1);
  assert_polls("\x23\0" LOAD DROP, 0, 1);
  assert_polls("\x23\1" LOAD DROP, 0, 0);
}

TEST(other_instructions_between_address_and_load_count) {
  assert_polls(CONST_1024 DROP GET "\0" LOAD DROP, 0, 0);
  assert_polls(CONST_1024 "\x45" LOAD DROP, 0, 0); /* i32.eqz */
  assert_polls(CONST_1024 BLOCK END LOAD DROP, 0, 0);
}

/* ---------------------------------------------------------------- in locals */

TEST(a_local_holds_an_address) {
  assert_polls(CONST_1024 SET "\1" GET "\1" ATOMIC_LOAD DROP, 1, 0);
  assert_polls(CONST_1024 TEE "\1" LOAD DROP GET "\1" LOAD DROP, 0, 2);
  assert_polls(CONST_1024 SET "\1" GET "\2" LOAD DROP, 0, 0);
}

TEST(a_local_holds_an_address_in_a_loop) {
  assert_polls(CONST_1024 SET "\1" LOOP GET "\1" ATOMIC_LOAD DROP BR_IF_0 END,
               1, 0);
  assert_polls(CONST_1024 SET "\1" LOOP LOOP GET "\1" LOAD DROP END END, 0, 1);
}

TEST(a_local_that_is_assigned_again_loses_the_address) {
  assert_polls(CONST_1024 SET "\1" CONST_0 SET "\1" GET "\1" LOAD DROP, 0, 0);
  assert_polls(CONST_1024 SET "\1" GET "\0" TEE "\1" LOAD DROP, 0, 0);
}

TEST(a_local_that_a_loop_assigns_may_hold_anything_in_it) {
  assert_polls(CONST_1024 SET "\1" LOOP GET "\1" LOAD SET "\1" BR_IF_0 END, 0,
               0);
  assert_polls(CONST_1024 SET "\1" LOOP LOOP GET "\1" LOAD DROP END GET "\0" SET
                              "\1" BR_IF_0 END,
               0, 0);
}

TEST(an_assignment_after_a_loop_does_not_affect_the_loop) {
  assert_polls(
      CONST_1024 SET "\1" LOOP GET "\1" LOAD DROP END GET "\0" SET "\1", 0, 1);
}

TEST(an_assignment_in_a_loop_counts_in_it_and_after_it) {
  assert_polls(LOOP CONST_1024 SET "\1" GET "\1" LOAD DROP BR_IF_0 END GET
                                   "\1" LOAD DROP,
               0, 2);
}

TEST(an_assignment_in_a_block_ends_with_it) {
  assert_polls(BLOCK CONST_1024 SET "\1" LOOP GET "\1" LOAD DROP END END, 0, 1);
  assert_polls(BLOCK BR_IF_0 CONST_1024 SET "\1" END GET "\1" LOAD DROP, 0, 0);
  assert_polls(GET "\0" IF CONST_1024 SET "\1" ELSE GET "\1" LOAD DROP END, 0,
               0);
  assert_polls(CONST_1024 SET "\1" GET "\0" IF CONST_0 SET "\1" END GET
                              "\1" LOAD DROP,
               0, 0);
}

#define assert_lifted(code, expected)                                \
  do {                                                               \
    inspect_code(code, sizeof(code) - 1, "", 0);                     \
    assert_int_equal(report.polls.lifted, expected);                 \
    if (expected) assert_int_equal(report.polls.lifted_function, 1); \
  } while (0)

#define POLL CONST_1024 LOAD DROP

TEST(a_function_that_polls_only_outside_of_its_loops_is_reported) {
  assert_lifted(POLL LOOP BR_IF_0 END, 1);
  assert_lifted(LOOP BR_IF_0 END POLL, 1);
  assert_lifted(POLL, 0);
  assert_lifted(LOOP POLL BR_IF_0 END, 0);
  assert_lifted(POLL LOOP BLOCK POLL END BR_IF_0 END, 0);
  assert_lifted(LOOP LOOP BR_IF_0 END POLL BR_IF_0 END, 0);
  assert_lifted(BLOCK POLL END LOOP BR_IF_0 END, 1);
  assert_lifted(CONST_1024 ATOMIC_LOAD DROP LOOP BR_IF_0 END, 0);
  assert_lifted(LOOP BR_IF_0 END, 0);
}

TEST(the_same_value_again_changes_nothing) {
  assert_polls(CONST_1024 SET "\1" LOOP GET "\1" LOAD DROP CONST_1024 SET
                              "\1" BR_IF_0 END,
               0, 1);
}

TEST(the_locals_of_one_function_do_not_affect_the_next) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\2\0\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS, "\2\1m\2\0\x11__instance_signal\3\0");
  section(module, CODE,
          "\2"
          "\x09\1\1\x7f" CONST_1024 SET "\0" END "\x0a\1\1\x7f" GET
          "\0" LOAD DROP END);
  inspect_polls(module);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(report.polls.plain, 0);
}

/* -------------------------------------------------------------------- names */

#define POLL CONST_1024 LOAD DROP

TEST(a_function_with_plain_polls_has_the_name_of_the_name_section) {
  static const char names[] = "\0\x1a\4name\0\2\1m\1\x0f\2\0\6import\1\4spin";
  inspect_code(POLL POLL, sizeof(POLL POLL) - 1, names, sizeof names - 1);
  assert_int_equal(report.polls.plain, 2);
  assert_int_equal(report.polls.functions_count, 1);
  assert_int_equal(report.polls.functions[0], 1);
  assert_string_equal(report.polls.names[0].bytes, "spin");
}

TEST(without_a_name_section_it_has_the_name_of_its_first_export) {
  inspect_code(POLL, sizeof(POLL) - 1, "", 0);
  assert_string_equal(report.polls.names[0].bytes, "work");
}

TEST(a_broken_name_section_does_not_matter) {
  static const char names[] = "\0\x0e\4name\1\7\1\1\4sp\xff\xff";
  inspect_code(POLL, sizeof(POLL) - 1, names, sizeof names - 1);
  assert_string_equal(report.polls.names[0].bytes, "work");
}

TEST(the_first_eight_functions_are_reported) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\x0a\0\0\0\0\0\0\0\0\0\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS, "\2\1m\2\0\x11__instance_signal\3\0");
#define BODY "\x09\0" POLL END
  section(module, CODE,
          "\x0a\2\0\x0b" BODY BODY BODY BODY BODY BODY BODY BODY BODY);
  inspect_polls(module);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(report.polls.plain, 9);
  assert_int_equal(report.polls.functions_count, WASMSIG_PLAIN_POLLS_NAMED);
  assert_int_equal(report.polls.functions[0], 1);
  assert_int_equal(report.polls.functions[7], 8);
  assert_null(report.polls.names[0].bytes);
}

TEST(code_is_not_read_unless_polls_are_requested) {
  inspect(rich_module());
  assert_int_equal(report.polls.atomic, 0);
  assert_int_equal(report.polls.plain, 0);
  inspect_polls(rich_module());
  assert_int_equal(report.polls.atomic, 1);
  assert_int_equal(report.polls.plain, 1);
  assert_string_equal(report.polls.names[0].bytes, "loop");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_load_from_the_word_is_a_poll),
      cmocka_unit_test(the_offset_counts),
      cmocka_unit_test(an_address_does_not_wrap),
      cmocka_unit_test(an_address_of_64_bits_does_not_wrap_either),
      cmocka_unit_test(loads_of_integers_are_polls_also_narrow_and_wide_ones),
      cmocka_unit_test(another_memory_contains_no_word),
      cmocka_unit_test(a_memory_of_the_words_own_contains_the_word),
      cmocka_unit_test(stores_are_no_polls),
      cmocka_unit_test(read_modify_writes_are_atomic_polls),
      cmocka_unit_test(sums_and_immutable_globals_are_addresses),
      cmocka_unit_test(other_instructions_between_address_and_load_count),
      cmocka_unit_test(a_local_holds_an_address),
      cmocka_unit_test(a_local_holds_an_address_in_a_loop),
      cmocka_unit_test(a_local_that_is_assigned_again_loses_the_address),
      cmocka_unit_test(a_local_that_a_loop_assigns_may_hold_anything_in_it),
      cmocka_unit_test(an_assignment_after_a_loop_does_not_affect_the_loop),
      cmocka_unit_test(an_assignment_in_a_loop_counts_in_it_and_after_it),
      cmocka_unit_test(an_assignment_in_a_block_ends_with_it),
      cmocka_unit_test(
          a_function_that_polls_only_outside_of_its_loops_is_reported),
      cmocka_unit_test(the_same_value_again_changes_nothing),
      cmocka_unit_test(the_locals_of_one_function_do_not_affect_the_next),
      cmocka_unit_test(
          a_function_with_plain_polls_has_the_name_of_the_name_section),
      cmocka_unit_test(
          without_a_name_section_it_has_the_name_of_its_first_export),
      cmocka_unit_test(a_broken_name_section_does_not_matter),
      cmocka_unit_test(the_first_eight_functions_are_reported),
      cmocka_unit_test(code_is_not_read_unless_polls_are_requested),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}
