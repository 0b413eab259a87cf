/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every allocation of wasmsig_instrument() fails in turn (--wrap): it says so
 * or makes the same module, and nothing is left allocated.
 */
#include "fault/failing.h"
#include "unit/module_bytes.h"

#include "wasmsig/instrument.h"

static const wasmsig_instrument_options ways[] = {
    {.size = sizeof(wasmsig_instrument_options), .every = 0},
    {.size = sizeof(wasmsig_instrument_options),
     .every = 1,
     .words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE)},
    {.size = sizeof(wasmsig_instrument_options), .every = 7, .calls = true}};

/* ---------------------------------------------------------------- modules */

/* A loop, recursion, a call through a table, a tail call; names of functions,
 * locals and labels, a hint at the `if`, debug information; no words. */
static struct module *debugged_module(void) {
  struct module *module = module_begin();
  section(module, TYPES, "\2\x60\0\0\x60\1\x7f\0");
  section(module, FUNCTIONS, "\3\0\1\1");
  section(module, TABLES, "\1\x70\0\1");
  section(module, ELEMENTS, "\1\0\x41\0\x0b\1\1");
  section(module, CODE,
          "\3"
          "\7\0\3\x40\x0c\0\x0b\x0b"                     /* 0: loop, br 0 */
          "\x0d\0\x20\0\4\x40\x41\1\x10\1\x10\0\x0b\x0b" /* 1: if, call 1 */
          "\x0b\0\x41\1\x41\0\x11\1\0\x12\0\x0b");
  section(module, CUSTOM,
          "\4name"
          "\1\7\1\1\4self"
          "\2\6\1\1\1\0\1n"
          "\3\x0b\2\0\1\0\1l\1\1\0\1i");
  section(module, CUSTOM, "\x19metadata.code.branch_hint\1\1\1\3\1\0");
  section(module, CUSTOM, "\x0d.debug_abbrev\1\x11\0\x11\1\x12\6\0\0\0");
  section(module, CUSTOM,
          "\x0b.debug_info\x10\0\0\0\4\0\0\0\0\0\4\1"
          "\2\0\0\0\7\0\0\0");
  section(module, CUSTOM,
          "\x0f"
          "target_features\1+\4simd");
  return module;
}

/* Its own words, a function of delivery, and a global that counts. */
static struct module *delivering_module(void) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\2\0\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\3"
          "\6memory\2\0"
          "\x11__instance_signal\3\0"
          "\x19__instance_signal_deliver\0\0");
  section(module, CODE,
          "\2"
          "\2\0\x0b"
          "\x09\0\3\x40\x10\1\x0c\0\x0b\x0b");
  return module;
}

/* ------------------------------------------------------------------ tests */

static void assert_same(const wasmsig_instrumented *made,
                        const wasmsig_instrumented *wanted) {
  assert_int_equal(made->length, wanted->length);
  assert_memory_equal(made->bytes, wanted->bytes, wanted->length);
}

/* Its n-th allocation fails, for every n. Returns how many there are. */
static int against_failures(const struct module *module,
                            const wasmsig_instrument_options *way) {
  wasmsig_instrumented wanted = WASMSIG_INSTRUMENTED_INIT;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  assert_int_equal(
      wasmsig_instrument(module->bytes, module->length, way, &wanted), 0);
  assert_int_equal(wanted.left_out_count, 0);
  long allocated = outstanding;
  int nth = 0;
  do {
    failed = 0;
    until_failure = nth++;
    int error = wasmsig_instrument(module->bytes, module->length, way, &made);
    until_failure = -1;
    if (error) {
      assert_int_equal(error, WASMSIG_ENOMEM);
      assert_true(failed > 0);
      assert_null(made.bytes);
      assert_null(made.why);
      assert_int_equal(made.polls, 0);
      assert_int_equal(outstanding, allocated);
    } else {
      assert_same(&made, &wanted);
    }
    wasmsig_instrumented_release(&made);
    assert_int_equal(outstanding, allocated);
  } while (failed > 0);
  wasmsig_instrumented_release(&wanted);
  return nth - 1;
}

TEST(without_memory_nothing_is_made_of_a_module_with_debug_information) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    assert_true(against_failures(debugged_module(), &ways[i]) > 40);
}

TEST(without_memory_nothing_is_made_of_a_module_with_its_own_words) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    assert_true(against_failures(delivering_module(), &ways[i]) > 20);
}

TEST(without_memory_nothing_is_made_of_a_module_with_everything) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    assert_true(against_failures(rich_module(), &ways[i]) > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          without_memory_nothing_is_made_of_a_module_with_debug_information),
      cmocka_unit_test(
          without_memory_nothing_is_made_of_a_module_with_its_own_words),
      cmocka_unit_test(
          without_memory_nothing_is_made_of_a_module_with_everything),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}
