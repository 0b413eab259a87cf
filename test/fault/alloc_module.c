/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every allocation of the module reader fails in turn (--wrap): the report is
 * as it was then, and nothing is left allocated.
 */
#include "fault/failing.h"
#include "unit/module_bytes.h"

/* ------------------------------------------------------------------ tests */

static const struct module *module;
static size_t given;

static ptrdiff_t give(void *unused, void *buffer, size_t capacity) {
  (void)unused;
  size_t count = module->length - given;
  if (count > 3) count = 3;
  if (count > capacity) count = capacity;
  memcpy(buffer, module->bytes + given, count);
  given += count;
  return (ptrdiff_t)count;
}

static int from_memory(wasmsig_module_report *into) {
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  return wasmsig_module_inspect(module->bytes, module->length, &options, into);
}

static int from_source(wasmsig_module_report *into) {
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  wasmsig_module_source source = {NULL, give, NULL};
  options.polls = true;
  given = 0;
  return wasmsig_module_inspect_source(&source, &options, into);
}

/* Its n-th allocation fails, for every n. Returns how many there are. */
static int against_failures(int (*read)(wasmsig_module_report *into)) {
  int nth = 0;
  for (;; nth++) {
    wasmsig_module_report before = WASMSIG_MODULE_REPORT_INIT, after = before;
    long allocated = outstanding;
    failed = 0;
    until_failure = nth;
    int error = read(&after);
    until_failure = -1;
    if (failed == 0) {
      assert_int_equal(error, WASMSIG_OK);
      wasmsig_module_report_release(&after);
      assert_int_equal(outstanding, allocated);
      return nth;
    }
    assert_int_equal(error, WASMSIG_ENOMEM);
    assert_memory_equal(&after, &before, sizeof after);
    assert_int_equal(outstanding, allocated);
  }
}

TEST(a_reader_without_memory_leaves_the_report_as_it_was) {
  module = rich_module();
  assert_true(against_failures(from_memory) > 10);
  assert_true(against_failures(from_source) > 10);
}

TEST(names_of_imports_are_allocated_too) {
  struct module *with_imports = module_begin();
  section(with_imports, IMPORTS, "\2\1a\1b\2\0\2\1a\1c\3\x7f\0");
  section(with_imports, EXPORTS, "\1\x11__instance_signal\3\0");
  module = with_imports;
  assert_true(against_failures(from_memory) > 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reader_without_memory_leaves_the_report_as_it_was),
      cmocka_unit_test(names_of_imports_are_allocated_too),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}
