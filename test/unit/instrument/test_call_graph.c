/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which heads of functions poll, depending on the call graph. */
#include "../module_bytes.h"

#include "instrument/analysis/call_graph.h"
#include "instrument/analysis/scan.h"

#define MOST 8

/* Whether each of the functions polls at its head: "p" or "-". */
static const char *heads(const struct module *module) {
  static char result[MOST + 1];
  struct wsig_scan scan;
  struct wsig_call_graph graph;
  struct wsig_poll_sites sites = {0};
  struct wsig_bodies bodies;
  struct wsig_body body;
  const char *why = NULL;
  size_t count = 0;
  assert_int_equal(wsig_scan(&scan, module->bytes, module->length, &why), 0);
  assert_int_equal(
      wsig_call_graph_build(&graph, &scan, 0, 0, false, UINT32_MAX), 0);
  wsig_bodies_open(&bodies, &scan);
  while (wsig_bodies_next(&bodies, &body) && count < MOST) {
    wsig_poll_sites_find(&sites, &bodies, &body, 0);
    wsig_call_graph_set_polls(&graph, body.function, &sites);
    result[count++] = sites.items[0].polls ? 'p' : '-';
  }
  result[count] = '\0';
  wsig_poll_sites_release(&sites);
  wsig_call_graph_release(&graph);
  wsig_scan_release(&scan);
  return result;
}

/* Types: 0 () -> (), 1 (i32) -> (), 2 () -> () again. */
#define THREE_TYPES "\3\x60\0\0\x60\1\x7f\0\x60\0\0"

TEST(one_function_of_each_cycle_polls_and_its_callers_do_not) {
  struct module *module = module_begin();
  section(module, TYPES, THREE_TYPES);
  section(module, FUNCTIONS, "\5\0\0\0\0\0");
  section(module, CODE,
          "\5"
          "\4\0\x10\1\x0b"
          "\4\0\x10\1\x0b" /* itself */
          "\4\0\x12\3\x0b" /* 2 and 3 each other, by a tail call */
          "\4\0\x10\2\x0b"
          "\2\0\x0b");
  assert_string_equal(heads(module), "-pp--");
}

/* Function 0 calls through a table, with type `type`. Function 1 is in the
 * table and calls 0. Function 2 calls 0 but is not in the table. */
static struct module *with_table(const char *types, size_t types_length,
                                 const char *functions, char type) {
  struct module *module = module_begin();
  section_bytes(module, TYPES, types, types_length);
  section_bytes(module, FUNCTIONS, functions, 4);
  section(module, TABLES, "\1\x70\0\1");
  section(module, ELEMENTS, "\1\0\x41\0\x0b\1\1");
  char code[] =
      "\3"
      "\x07\0\x41\0\x11\0\0\x0b"
      "\4\0\x10\0\x0b"
      "\4\0\x10\0\x0b";
  code[6] = type;
  section_bytes(module, CODE, code, sizeof code - 1);
  return module;
}

TEST(a_table_leads_to_functions_of_equal_types) {
  const char *types = THREE_TYPES;
  size_t length = sizeof THREE_TYPES - 1;
  assert_string_equal(heads(with_table(types, length, "\3\0\0\0", 0)), "p--");
  assert_string_equal(heads(with_table(types, length, "\3\0\2\0", 0)), "p--");
  assert_string_equal(heads(with_table(types, length, "\3\0\1\0", 0)), "---");
}

/* The search reaches the table before the functions in it. */
TEST(all_functions_of_a_table_poll_if_the_table_closes_the_cycle) {
  struct module *module = module_begin();
  section(module, TYPES, THREE_TYPES);
  section(module, FUNCTIONS, "\4\0\0\0\0");
  section(module, TABLES, "\1\x70\0\2");
  section(module, ELEMENTS, "\1\0\x41\0\x0b\2\1\2");
  section(module, CODE,
          "\4"
          "\x07\0\x41\0\x11\0\0\x0b"
          "\x07\0\x41\0\x11\0\0\x0b" /* 1 and 2 are in the table */
          "\4\0\x10\3\x0b"
          "\x07\0\x41\0\x11\0\0\x0b");
  assert_string_equal(heads(module), "-pp-");
}

/* Types that may be equal or subtypes although their bytes differ. */
TEST(a_table_leads_to_each_function_whose_type_is_not_plain) {
  static const char open[] = "\2\x60\0\0\x50\0\x60\1\x7f\0";
  static const char group[] = "\2\x60\0\0\x4e\1\x60\1\x7f\0";
  static const char long_way[] = "\2\x60\0\0\x60\1\x63\x70\0";
  static const char padded[] = "\2\x60\0\0\x60\x81\0\x7f\0";
  static const struct {
    const char *types;
    size_t length;
  } all[] = {{open, sizeof open - 1},
             {group, sizeof group - 1},
             {long_way, sizeof long_way - 1},
             {padded, sizeof padded - 1}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const char *types = all[i].types;
    size_t length = all[i].length;
    assert_string_equal(heads(with_table(types, length, "\3\0\1\0", 0)), "p--");
    assert_string_equal(heads(with_table(types, length, "\3\0\0\0", 1)), "p--");
  }
}

/* Functions 0 and 1 call through a reference of type 0, the others 0. */
static struct module *with_reference(void) {
  struct module *module = module_begin();
  section(module, TYPES, THREE_TYPES);
  section(module, FUNCTIONS, "\4\0\1\0\0");
  return module;
}

static void add_code(struct module *module, char fourth) {
  char code[] =
      "\4"
      "\6\0\xd0\0\x14\0\x0b"
      "\4\0\x10\0\x0b"
      "\4\0\x10\0\x0b"
      "\5\0\xd2\2\x1a\x0b";
  code[sizeof code - 4] = fourth;
  section_bytes(module, CODE, code, sizeof code - 1);
}

TEST(a_function_named_by_ref_func_is_called_by_references) {
  struct module *module = with_reference();
  add_code(module, 2);
  assert_string_equal(heads(module), "p---");
  module = with_reference();
  add_code(module, 3);
  assert_string_equal(heads(module), "----");
}

TEST(a_function_named_by_a_global_is_called_by_references) {
  struct module *module = with_reference();
  section(module, GLOBALS, "\1\x70\0\xd2\2\x0b");
  add_code(module, 3);
  assert_string_equal(heads(module), "p---");
}

TEST(a_function_named_by_a_table_s_value_is_called_by_references) {
  struct module *module = with_reference();
  section(module, TABLES, "\1\x40\0\x70\0\1\xd2\2\x0b");
  add_code(module, 3);
  assert_string_equal(heads(module), "p---");
}

TEST(an_exported_function_is_called_by_references_from_outside) {
  struct module *module = with_reference();
  section(module, TABLES, "\1\x70\0\1");
  section(module, EXPORTS, "\1\1f\0\2");
  add_code(module, 3);
  assert_string_equal(heads(module), "----");
  module = with_reference();
  section(module, TABLES, "\1\x70\0\1");
  section(module, EXPORTS, "\2\1f\0\2\1t\1\0");
  add_code(module, 3);
  assert_string_equal(heads(module), "p---");
}

/* Eight functions: each but the last calls the next one 200 times. */
TEST(calls_that_add_up_poll_without_a_cycle) {
  struct module *module = module_begin();
  section(module, TYPES, THREE_TYPES);
  section(module, FUNCTIONS, "\x08\0\0\0\0\0\0\0\0");
  static uint8_t code[4096];
  size_t length = 0;
  code[length++] = 8;
  for (uint8_t i = 0; i < 7; i++) {
    code[length++] = 0x80 | (402 & 0x7f);
    code[length++] = 402 >> 7;
    code[length++] = 0;
    for (int calls = 0; calls < 200; calls++) {
      code[length++] = 0x10;
      code[length++] = i + 1;
    }
    code[length++] = 0x0b;
  }
  memcpy(code + length, "\2\0\x0b", 3);
  section_bytes(module, CODE, code, length + 3);
  assert_string_equal(heads(module), "--p--p--");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_function_of_each_cycle_polls_and_its_callers_do_not),
      cmocka_unit_test(a_table_leads_to_functions_of_equal_types),
      cmocka_unit_test(
          all_functions_of_a_table_poll_if_the_table_closes_the_cycle),
      cmocka_unit_test(a_table_leads_to_each_function_whose_type_is_not_plain),
      cmocka_unit_test(a_function_named_by_ref_func_is_called_by_references),
      cmocka_unit_test(a_function_named_by_a_global_is_called_by_references),
      cmocka_unit_test(
          a_function_named_by_a_table_s_value_is_called_by_references),
      cmocka_unit_test(
          an_exported_function_is_called_by_references_from_outside),
      cmocka_unit_test(calls_that_add_up_poll_without_a_cycle),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}
