/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which loops repeat, and which store in each turn. */
#include "../module_bytes.h"

#include "instrument/analysis/poll_sites.h"
#include "instrument/analysis/scan.h"

#define MOST 8

/* Pieces of code. Each store has an address and a value. */
#define STORE "\x20\0\x20\0\x36\2\0"
#define STORE_TO_1 "\x20\0\x20\0\x36\x42\1\0"
#define LOOP "\3\x40"
#define BLOCK "\2\x40"
#define IF "\x20\0\4\x40"
#define ELSE "\5"
#define END "\x0b"
#define BR(label) "\x0c" label
#define BR_IF(label) "\x20\0\x0d" label

/* A letter for each loop of the function: "s", each turn stores; "r", it
 * repeats; "-", it does not repeat. */
static const char *loops(const char *code, size_t length) {
  static char result[MOST + 1];
  struct module *module = module_begin();
  struct wsig_scan scan;
  struct wsig_poll_sites sites = {0};
  struct wsig_bodies bodies;
  struct wsig_body body;
  const char *why = NULL;
  size_t count = 0;
  section(module, TYPES, "\1\x60\1\x7f\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\2\0\1\0\1");
  char bytes[256] = "\1\0\0"; /* one body, its size, no locals */
  bytes[1] = (char)(length + 2);
  memcpy(bytes + 3, code, length);
  bytes[3 + length] = '\x0b';
  section_bytes(module, CODE, bytes, length + 4);
  assert_int_equal(wsig_scan(&scan, module->bytes, module->length, &why), 0);
  wsig_bodies_open(&bodies, &scan);
  assert_true(wsig_bodies_next(&bodies, &body));
  wsig_poll_sites_find(&sites, &bodies, &body, 0);
  assert_false(bodies.cursor.failed);
  for (size_t i = 0; i < sites.count && count < MOST; i++) {
    const struct wsig_work *work = &sites.items[i].work;
    if (sites.items[i].kind != WSIG_POLL_SITE_LOOP) continue;
    result[count++] = !work->repeats ? '-' : work->stores ? 's' : 'r';
  }
  result[count] = '\0';
  wsig_poll_sites_release(&sites);
  wsig_scan_release(&scan);
  return result;
}

#define assert_loops(code, wanted) \
  assert_string_equal(loops(code, sizeof(code) - 1), wanted)

TEST(a_loop_without_a_branch_to_its_head_does_not_repeat) {
  assert_loops(LOOP STORE END, "-");
  assert_loops(LOOP BLOCK BR("\0") END END, "-");
  assert_loops(LOOP LOOP BR_IF("\1") END END, "r-");
}

TEST(a_branch_that_is_never_reached_does_not_repeat) {
  assert_loops(LOOP "\x0f" BR("\0") END, "-");
  assert_loops("\0" LOOP BR("\0") END, "-");
}

TEST(a_store_counts_if_each_turn_reaches_it) {
  assert_loops(LOOP STORE BR_IF("\0") END, "s");
  assert_loops(LOOP BR_IF("\0") END, "r");
  assert_loops(LOOP BR_IF("\0") STORE END, "r");
  assert_loops(LOOP BR_IF("\0") STORE BR("\0") END, "r");
  assert_loops(STORE LOOP BR_IF("\0") END, "r");
}

TEST(both_branches_of_an_if_must_store) {
  assert_loops(LOOP IF STORE END BR("\0") END, "r");
  assert_loops(LOOP IF STORE ELSE END BR("\0") END, "r");
  assert_loops(LOOP IF STORE ELSE STORE END BR("\0") END, "s");
  assert_loops(LOOP IF STORE ELSE "\0" END BR("\0") END, "s");
}

TEST(a_branch_may_pass_a_store) {
  assert_loops(LOOP BLOCK BR_IF("\0") STORE END BR("\0") END, "r");
  assert_loops(LOOP BLOCK BR_IF("\1") STORE END BR("\0") END, "r");
  assert_loops(LOOP BLOCK "\x20\0\x0e\1\0\1" END STORE BR("\0") END, "r");
  assert_loops(LOOP STORE BLOCK "\x20\0\x0e\1\0\1" END BR("\0") END, "s");
  assert_loops(BLOCK LOOP BR_IF("\1") STORE BR("\0") END END, "s");
}

TEST(the_store_of_an_inner_loop_counts_for_the_outer_ones) {
  assert_loops(LOOP LOOP STORE BR_IF("\0") END BR("\0") END, "ss");
  assert_loops(LOOP STORE LOOP BR_IF("\0") END BR("\0") END, "sr");
  assert_loops(
      LOOP LOOP STORE BR_IF("\0") END LOOP BR_IF("\0") END BR("\0") END, "ssr");
  assert_loops(LOOP LOOP BR_IF("\0") END STORE BR("\0") END, "sr");
  assert_loops(LOOP LOOP BR_IF("\1") STORE BR_IF("\0") END END, "rs");
}

TEST(a_handler_of_exceptions_may_begin_before_any_store) {
  assert_loops(LOOP "\6\x40" STORE "\x19" END BR("\0") END, "r");
  assert_loops(LOOP STORE "\6\x40\x19" END BR("\0") END, "s");
  assert_loops(LOOP BLOCK "\x1f\x40\1\2\0" STORE END BR("\1") END BR("\0") END,
               "r");
}

TEST(a_handler_of_exceptions_begins_at_its_label) {
  assert_loops(LOOP "\x1f\x40\1\2\0" STORE END END, "r");
  assert_loops(LOOP STORE "\x1f\x40\1\2\0" END END, "s");
  assert_loops(BLOCK LOOP "\x1f\x40\1\2\1" STORE END END END, "-");
  assert_loops(BLOCK LOOP "\x1f\x40\1\2\1" STORE END BR("\0") END END, "s");
}

TEST(a_store_to_another_memory_does_not_count) {
  assert_loops(LOOP STORE_TO_1 BR_IF("\0") END, "r");
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_loop_without_a_branch_to_its_head_does_not_repeat),
      cmocka_unit_test(a_branch_that_is_never_reached_does_not_repeat),
      cmocka_unit_test(a_store_counts_if_each_turn_reaches_it),
      cmocka_unit_test(both_branches_of_an_if_must_store),
      cmocka_unit_test(a_branch_may_pass_a_store),
      cmocka_unit_test(the_store_of_an_inner_loop_counts_for_the_outer_ones),
      cmocka_unit_test(a_handler_of_exceptions_may_begin_before_any_store),
      cmocka_unit_test(a_handler_of_exceptions_begins_at_its_label),
      cmocka_unit_test(a_store_to_another_memory_does_not_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
