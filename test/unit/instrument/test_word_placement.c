/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the words are: the null area of a toolchain, or an added memory. */
#include "../module_bytes.h"

#include "instrument/analysis/word_placement.h"
#include "instrument/rewrite/bytes.h"

/* ----------------------------------------------------------------- modules */

enum { NONE = -1 };

/* A module as LLVM makes it. */
struct c {
  int32_t start;   /* of the stack */
  int32_t data[2]; /* addresses of segments of 8 bytes, or NONE */
  int32_t access;  /* a constant address that it loads 4 bytes from, or NONE */
  int32_t freed;   /* what its function adds to the frame at the end */
};

#define C_MODULE \
  {.start = 66560, .data = {1024, NONE}, .access = NONE, .freed = 32}

static void put_all(struct module *module, enum section_number number,
                    struct wsig_bytes *bytes) {
  section_bytes(module, (uint8_t)number, bytes->data, bytes->length);
  wsig_bytes_release(bytes);
}

#define add(bytes, literal) \
  wsig_bytes_append(bytes, literal, sizeof(literal) - 1)

static void put_code(struct module *module, const struct c *c) {
  struct wsig_bytes body = {0}, code = {0};
  add(&body, "\1\1\x7f\x23\0\x41\x20\x6b\x22\1\x24\0"); /* a frame of 32 */
  if (c->access != NONE) {
    add(&body, "\x41");
    wsig_bytes_s32(&body, c->access);
    add(&body, "\x28\2\0\x1a");
  }
  add(&body, "\x20\1\x41");
  wsig_bytes_s32(&body, c->freed);
  add(&body, "\x6a\x24\0\x0b");
  add(&code, "\1");
  wsig_bytes_u32(&code, body.length);
  wsig_bytes_append(&code, body.data, body.length);
  wsig_bytes_release(&body);
  put_all(module, CODE, &code);
}

static void put_data(struct module *module, const struct c *c) {
  struct wsig_bytes data = {0};
  add(&data, "\2");
  for (int i = 0; i < 2; i++) {
    add(&data, "\0\x41");
    wsig_bytes_s32(&data, c->data[i] == NONE ? 0 : c->data[i]);
    if (c->data[i] == NONE)
      add(&data, "\x0b\0");
    else
      add(&data,
          "\x0b\x08"
          "12345678");
  }
  put_all(module, DATA, &data);
}

static struct module *c_module(const struct c *c, const char *memories,
                               size_t length) {
  struct wsig_bytes globals = {0};
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\1\x7f\0");
  section(module, FUNCTIONS, "\1\0");
  section_bytes(module, MEMORIES, memories, length);
  add(&globals, "\1\x7f\1\x41");
  wsig_bytes_s32(&globals, c->start);
  add(&globals, "\x0b");
  put_all(module, GLOBALS, &globals);
  put_code(module, c);
  put_data(module, c);
  return module;
}

static const char go_globals[] =
    "\x08"
    "\x7f\1\x41\0\x0b"
    "\x7e\1\x42\0\x0b\x7e\1\x42\0\x0b\x7e\1\x42\0\x0b"
    "\x7e\1\x42\0\x0b\x7e\1\x42\0\x0b\x7e\1\x42\0\x0b"
    "\x7f\1\x41\0\x0b";

/* --------------------------------------------------------------- placement */

static struct wsig_word_placement placement;
static wsig_reasons reasons;

/* Whether the module has such a place. */
static bool has_place(const struct module *module,
                      wasmsig_word_placement place) {
  struct wsig_scan scan;
  const char *why = NULL;
  memset(reasons, 0, sizeof reasons);
  assert_int_equal(wsig_scan(&scan, module->bytes, module->length, &why), 0);
  int error = wsig_word_placement_find(&placement, &scan,
                                       WASMSIG_WORDS_IN(place), reasons);
  wsig_scan_release(&scan);
  if (error == WASMSIG_OK) assert_int_equal(placement.kind, place);
  return error == WASMSIG_OK;
}

/* Of the null area; 0: `reasons` says why there is none. */
static uint64_t address_in(const struct module *module) {
  return has_place(module, WASMSIG_WORDS_NULL_AREA) ? placement.address : 0;
}

#define with_memories(c, memories) c_module(c, memories, sizeof(memories) - 1)

static uint64_t address(const struct c *c) {
  return address_in(with_memories(c, "\1\0\2"));
}

static void assert_reason(wasmsig_word_placement place, const char *part) {
  if (!strstr(reasons[place], part)) fail_msg("%s", reasons[place]);
}

#define assert_refused(c, part)                   \
  do {                                            \
    assert_int_equal(address(c), 0);              \
    assert_reason(WASMSIG_WORDS_NULL_AREA, part); \
  } while (0)

/* ------------------------------------------------------------- null areas */

TEST(words_are_as_high_as_possible_below_data) {
  struct c c = C_MODULE;
  assert_int_equal(address(&c), 992);
  c.data[0] = 4096;
  assert_int_equal(address(&c), 992);
}

TEST(words_are_as_low_as_possible_at_the_end_of_a_stack) {
  struct c c = C_MODULE;
  c.start = 65536;
  c.data[0] = 65536;
  assert_int_equal(address(&c), 16);
}

TEST(data_in_the_null_area_leave_no_place) {
  struct c c = C_MODULE;
  c.data[1] = 512;
  assert_refused(&c, "data may be below address 1024");
}

TEST(no_constant_access_is_at_the_words) {
  struct c c = C_MODULE;
  c.access = 988;
  assert_int_equal(address(&c), 992);
  c.access = 990;
  assert_int_equal(address(&c), 960);
  c.access = 992;
  assert_int_equal(address(&c), 960);
  c.access = 1012;
  assert_int_equal(address(&c), 976);
}

TEST(an_unknown_layout_is_not_trusted) {
  struct c c = C_MODULE;
  c.data[0] = 8192;
  assert_refused(&c, "neither its data nor its C stack is known to be first");
  c.data[1] = 66560;
  assert_refused(&c, "neither its data nor its C stack is known to be first");
  c.data[1] = NONE;
  c.data[0] = 40000; /* nothing follows the stack */
  assert_refused(&c, "neither its data nor its C stack is known to be first");
  c.data[0] = NONE;
  assert_refused(&c, "neither its data nor its C stack is known to be first");
}

TEST(a_short_stack_has_no_bytes_to_give) {
  struct c c = C_MODULE;
  c.start = 1008;
  assert_refused(&c, "may have only 1008 bytes");
}

TEST(code_that_keeps_no_stack_is_of_an_unknown_toolchain) {
  struct c c = C_MODULE;
  c.freed = 48; /* more than the frame */
  assert_refused(&c, "its toolchain is unknown");
}

TEST(one_memory_with_pages_has_a_null_area) {
  struct c c = C_MODULE;
  assert_int_equal(address_in(with_memories(&c, "\2\0\2\0\1")), 0);
  assert_reason(WASMSIG_WORDS_NULL_AREA, "several memories");
  c.data[0] = NONE;
  assert_int_equal(address_in(with_memories(&c, "\1\0\0")), 0);
  assert_reason(WASMSIG_WORDS_NULL_AREA, "no pages at first");
}

static struct module *go_module(size_t length) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\1\0\2");
  section_bytes(module, GLOBALS, go_globals, length);
  section(module, CODE, "\1\2\0\x0b");
  return module;
}

TEST(a_module_of_go_has_its_words_below_4096) {
  assert_int_equal(address_in(go_module(sizeof go_globals - 1)), 4064);
}

static struct module *library(const char *name, size_t length) {
  struct module *module = module_begin();
  section_bytes(module, CUSTOM, name, length);
  section(module, TYPES, "\1\x60\0\0");
  section(module, IMPORTS,
          "\2"
          "\3env\6memory\2\0\0"
          "\3env\x0d__memory_base\3\x7f\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, CODE, "\1\2\0\x0b");
  section(module, DATA, "\1\0\x23\0\x0b\2hi");
  return module;
}

#define library_named(name) library(name, sizeof(name) - 1)

TEST(all_libraries_of_a_program_have_the_same_words) {
  assert_int_equal(address_in(library_named("\x08"
                                            "dylink.0")),
                   992);
  assert_int_equal(address_in(library_named("\5other")), 0);
}

/* ----------------------------------------------------------- added memory */

#define with_export(export) with_export_of(export, sizeof(export) - 1)

/* Of one memory and a global, which is a word if the export says so. */
static struct module *with_export_of(const char *export, size_t length) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\0\1");
  section(module, GLOBALS, "\1\x7f\0\x41\x10\x0b");
  section_bytes(module, EXPORTS, export, length);
  return module;
}

TEST(an_added_memory_is_the_last_one) {
  struct c c = C_MODULE;
  assert_true(
      has_place(with_memories(&c, "\3\0\2\0\1\0\1"), WASMSIG_WORDS_MEMORY));
  assert_int_equal(placement.memory, 3);
  assert_int_equal(placement.address, 0);
  assert_true(has_place(module_begin(), WASMSIG_WORDS_MEMORY));
  assert_int_equal(placement.memory, 0);
}

TEST(no_memory_is_added_beside_a_word_or_an_export_of_its_name) {
  assert_true(has_place(with_export("\1\1g\3\0"), WASMSIG_WORDS_MEMORY));
  assert_false(has_place(with_export("\1\x15__instance_terminated\3\0"),
                         WASMSIG_WORDS_MEMORY));
  assert_reason(WASMSIG_WORDS_MEMORY, "it exports __instance_terminated");
  assert_false(has_place(with_export("\1\x10__wasmsig_memory\3\0"),
                         WASMSIG_WORDS_MEMORY));
  assert_reason(WASMSIG_WORDS_MEMORY, "another export of the name");
}

TEST(engines_accept_a_hundred_memories) {
  char memories[1 + 100 * 2];
  for (size_t i = 0; i < 100; i++) memcpy(memories + 1 + 2 * i, "\0\1", 2);
  for (unsigned count = 99; count <= 100; count++) {
    memories[0] = (char)count;
    struct module *module = module_begin();
    section_bytes(module, MEMORIES, memories, 1 + 2 * count);
    assert_int_equal(has_place(module, WASMSIG_WORDS_MEMORY), count == 99);
  }
  assert_reason(WASMSIG_WORDS_MEMORY, "as many memories as engines accept");
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_as_high_as_possible_below_data),
      cmocka_unit_test(words_are_as_low_as_possible_at_the_end_of_a_stack),
      cmocka_unit_test(data_in_the_null_area_leave_no_place),
      cmocka_unit_test(no_constant_access_is_at_the_words),
      cmocka_unit_test(an_unknown_layout_is_not_trusted),
      cmocka_unit_test(a_short_stack_has_no_bytes_to_give),
      cmocka_unit_test(code_that_keeps_no_stack_is_of_an_unknown_toolchain),
      cmocka_unit_test(one_memory_with_pages_has_a_null_area),
      cmocka_unit_test(a_module_of_go_has_its_words_below_4096),
      cmocka_unit_test(all_libraries_of_a_program_have_the_same_words),
      cmocka_unit_test(an_added_memory_is_the_last_one),
      cmocka_unit_test(
          no_memory_is_added_beside_a_word_or_an_export_of_its_name),
      cmocka_unit_test(engines_accept_a_hundred_memories),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
