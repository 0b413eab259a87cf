/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The parts of the instrumenter: bytes, offset maps and poll intervals; and the
 * new positions of the bytes of a module. */
#include "../module_bytes.h"

#include "instrument/analysis/poll_interval.h"
#include "instrument/rewrite/bytes.h"
#include "instrument/rewrite/code.h"
#include "instrument/rewrite/offset_map.h"
#include "wasmsig/instrument.h"

#include "module/cursor.h"

/* ------------------------------------------------------------------ bytes */

TEST(numbers_in_leb128_are_read_as_they_were_written) {
  static const int64_t numbers[] = {
      0,    1,    63,    64,        127,       128,       -1,
      -64,  -65,  -128,  INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
      8191, 8192, -8192, -8193,     16383,     16384};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct wsig_bytes bytes = {0};
    struct wsig_cursor cursor;
    wsig_bytes_s64(&bytes, numbers[i]);
    wsig_bytes_s32(&bytes, (int32_t)numbers[i]);
    wsig_bytes_u32(&bytes, (uint32_t)numbers[i]);
    wsig_bytes_u32(&bytes, (uint64_t)numbers[i]);
    wsig_cursor_open_bytes(&cursor, bytes.data, bytes.length);
    assert_int_equal(wsig_read_s64(&cursor), numbers[i]);
    assert_int_equal(wsig_read_s32(&cursor), (int32_t)numbers[i]);
    assert_int_equal(wsig_read_u32(&cursor), (uint32_t)numbers[i]);
    assert_int_equal(wsig_read_u64(&cursor), (uint64_t)numbers[i]);
    assert_false(cursor.failed);
    assert_int_equal(wsig_cursor_offset(&cursor), bytes.length);
    wsig_bytes_release(&bytes);
  }
}

TEST(bytes_grow_and_stay) {
  struct wsig_bytes bytes = {0};
  for (int i = 0; i < 100000; i++) wsig_bytes_byte(&bytes, (uint8_t)i);
  assert_false(bytes.failed);
  assert_int_equal(bytes.length, 100000);
  for (int i = 0; i < 100000; i++) assert_int_equal(bytes.data[i], i & 0xff);
  wsig_bytes_release(&bytes);
  assert_null(bytes.data);
}

TEST(bytes_that_do_not_fit_are_a_failure_that_stays) {
  struct wsig_bytes bytes = {0};
  wsig_bytes_byte(&bytes, 1);
  wsig_bytes_append(&bytes, "", SIZE_MAX / 2 + 2);
  assert_true(bytes.failed);
  wsig_bytes_byte(&bytes, 2);
  assert_int_equal(bytes.length, 1);
  wsig_bytes_release(&bytes);
}

/* ------------------------------------------------------------ offset maps */

TEST(bytes_after_an_insertion_move) {
  struct wsig_offset_map map = {0};
  assert_int_equal(wsig_offset_map_apply(&map, 7), 7);
  wsig_offset_map_add(&map, 3, 0);
  assert_int_equal(map.count, 0);
  wsig_offset_map_add(&map, 10, 5);
  wsig_offset_map_add(&map, 20, 5);
  wsig_offset_map_add(&map, 30, 12);
  wsig_offset_map_add(&map, 30, 13);
  assert_int_equal(map.count, 2);
  assert_int_equal(wsig_offset_map_apply(&map, 0), 0);
  assert_int_equal(wsig_offset_map_apply(&map, 9), 9);
  assert_int_equal(wsig_offset_map_apply(&map, 10), 15);
  assert_int_equal(wsig_offset_map_apply(&map, 29), 34);
  assert_int_equal(wsig_offset_map_apply(&map, 30), 43);
  assert_int_equal(wsig_offset_map_apply(&map, 1000), 1013);
  wsig_offset_map_release(&map);
}

/* --------------------------------------------------------- poll intervals */

static void assert_interval(struct wsig_poll_interval interval, uint32_t every,
                            bool is_plain) {
  assert_int_equal(interval.every, every);
  assert_int_equal(interval.is_plain, is_plain);
}

static const struct wsig_work light = {.repeats = true, .instructions = 5},
                              heavy = {.repeats = true, .instructions = 5000},
                              bulk = {.repeats = true,
                                      .instructions = 5,
                                      .has_bulk = true},
                              calling = {.repeats = true,
                                         .instructions = 5,
                                         .has_calls = true};

TEST(an_interval_that_the_user_chose_is_kept_and_loads_are_atomic) {
  struct wsig_work storing = light;
  storing.stores = true;
  assert_interval(wsig_poll_interval_of_loop(&light, 1), 1, false);
  assert_interval(wsig_poll_interval_of_loop(&light, 7), 7, false);
  assert_interval(wsig_poll_interval_of_loop(&heavy, 7), 7, false);
  assert_interval(wsig_poll_interval_of_loop(&bulk, 7), 7, false);
  assert_interval(wsig_poll_interval_of_loop(&storing, 7), 7, false);
  assert_interval(wsig_poll_interval_of_loop(&calling, 7), 1, false);
  assert_interval(wsig_poll_interval_of_head(&light, 7), 1, false);
  assert_interval(wsig_poll_interval_of_return(7), 1, false);
}

TEST(loops_that_may_take_long_poll_at_each_turn) {
  assert_interval(wsig_poll_interval_of_loop(&heavy, 0), 1, false);
  assert_interval(wsig_poll_interval_of_loop(&bulk, 0), 1, false);
  assert_interval(wsig_poll_interval_of_loop(&calling, 0), 1, false);
}

TEST(loops_whose_turns_all_store_poll_by_a_plain_load) {
  const struct wsig_work *works[] = {&light, &heavy, &bulk, &calling};
  for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
    struct wsig_work storing = *works[i];
    storing.stores = true;
    assert_interval(wsig_poll_interval_of_loop(&storing, 0), 1, true);
  }
}

TEST(loops_that_never_repeat_do_not_poll) {
  struct wsig_work once = heavy;
  once.repeats = false;
  once.stores = true;
  assert_interval(wsig_poll_interval_of_loop(&once, 0), 0, false);
  assert_interval(wsig_poll_interval_of_loop(&once, 1), 0, false);
  assert_interval(wsig_poll_interval_of_loop(&once, 7), 0, false);
}

TEST(a_light_loop_counts_to_a_power_of_two) {
  uint32_t every = wsig_poll_interval_of_loop(&light, 0).every;
  assert_true(every > 1);
  assert_int_equal(every & (every - 1), 0);
  assert_interval(wsig_poll_interval_of_loop(&light, 0), every, false);
}

TEST(heads_and_returns_poll_by_a_plain_load_but_not_with_tail_calls) {
  struct wsig_work jumping = light;
  jumping.has_tail_calls = true;
  assert_interval(wsig_poll_interval_of_head(&bulk, 0), 1, true);
  assert_interval(wsig_poll_interval_of_head(&jumping, 0), 1, false);
  assert_interval(wsig_poll_interval_of_return(0), 1, true);
}

/* -------------------------------------------------------------------- code */

/* Two functions: no loops; (local i64) loop, nop, br 0, end. Sizes have 5 bytes
 * in the second, as linkers write them. */
static const uint8_t code_section[] =
    "\2"
    "\2\0\x0b"
    "\x8a\x80\x80\x80\0\1\1\x7e\3\x40\1\x0c\0\x0b\x0b";

static void write_code(struct wsig_code *code, uint32_t every) {
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\2\0\0");
  put(module, "\x0a");
  put_u32(module, sizeof code_section - 1);
  put_bytes(module, code_section, sizeof code_section - 1);
  struct wsig_scan scan;
  const char *why = NULL;
  assert_int_equal(wsig_scan(&scan, module->bytes, module->length, &why), 0);
  struct wsig_plan plan = {.every = every, .deliver = WSIG_NO_FUNCTION};
  wsig_bytes_append(&plan.atomic, "POLL", 4);
  wsig_bytes_append(&plan.plain, "none", 4);
  assert_int_equal(wsig_code_write(code, &scan, &plan), 0);
  wsig_bytes_release(&plan.atomic);
  wsig_bytes_release(&plan.plain);
  wsig_scan_release(&scan);
}

TEST(a_poll_moves_the_code_after_it) {
  struct wsig_code code;
  write_code(&code, 1);
  static const uint8_t wanted[] =
      "\2"
      "\2\0\x0b"
      "\x8e\x80\x80\x80\0\1\1\x7e\3\x40POLL\1\x0c\0\x0b\x0b";
  assert_int_equal(code.payload.length, sizeof wanted - 1);
  assert_memory_equal(code.payload.data, wanted, sizeof wanted - 1);
  for (uint64_t at = 0; at < 14; at++)
    assert_int_equal(wsig_offset_map_apply(&code.map, at), at);
  assert_int_equal(wsig_offset_map_apply(&code.map, 14), 18);
  assert_int_equal(wsig_offset_map_apply(&code.map, 16), 20);
  assert_int_equal(code.loops, 1);
  assert_int_equal(code.polls, 1);
  wsig_code_release(&code);
}

TEST(a_counter_is_a_local_after_the_others) {
  struct wsig_code code;
  write_code(&code, 64);
  static const uint8_t wanted[] =
      "\2"
      "\2\0\x0b"
      "\xa2\x80\x80\x80\0\2\1\x7e\1\x7f\x41\0\x21\1\3\x40"
      "\x20\1\x41\x80\x80\x80\x20\x6a\x22\1\x45\4\x40POLL\x0b"
      "\1\x0c\0\x0b\x0b";
  assert_int_equal(code.payload.length, sizeof wanted - 1);
  assert_memory_equal(code.payload.data, wanted, sizeof wanted - 1);
  assert_int_equal(wsig_offset_map_apply(&code.map, 11),
                   11); /* the local's group */
  assert_int_equal(wsig_offset_map_apply(&code.map, 12), 18); /* the loop */
  assert_int_equal(wsig_offset_map_apply(&code.map, 14), 38); /* its body */
  wsig_code_release(&code);
}

/* ------------------------------------------------------------ the public call
 */

static int instrument_with(size_t options_size, size_t made_size,
                           uint32_t every) {
  static const uint8_t module[] = "\0asm\1\0\0";
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  options.size = options_size;
  options.every = every;
  made.size = made_size;
  made.polls = 7;
  int error = wasmsig_instrument(module, sizeof module, &options, &made);
  if (error == WASMSIG_EINVAL) assert_int_equal(made.polls, 7);
  made.size = sizeof made;
  if (error != WASMSIG_EINVAL) wasmsig_instrumented_release(&made);
  return error;
}

TEST(wrong_arguments_of_the_public_call_change_nothing) {
  size_t options = sizeof(wasmsig_instrument_options);
  size_t made = sizeof(wasmsig_instrumented);
  uint32_t most = WASMSIG_INSTRUMENT_EVERY_MAX;
  assert_int_equal(instrument_with(options, made, most), 0);
  assert_int_equal(instrument_with(options - 1, made, 0), WASMSIG_EINVAL);
  assert_int_equal(instrument_with(options, made - 1, 0), WASMSIG_EINVAL);
  assert_int_equal(instrument_with(options, made, most + 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instrument("", 0, NULL, NULL), WASMSIG_EINVAL);
}

TEST(unknown_places_are_wrong_arguments) {
  static const uint8_t module[] = "\0asm\1\0\0";
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  options.words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_COUNT);
  assert_int_equal(wasmsig_instrument(module, sizeof module, &options, &made),
                   WASMSIG_EINVAL);
}

/* A loop with so many names, of which each has three letters. */
static void put_exporting(struct wsig_bytes *module, uint32_t count) {
  static const uint8_t head[] =
      "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\5\3\1\0\1\7",
                       code[] = "\x0a\x09\1\7\0\3\x40\x0c\0\x0b\x0b";
  struct wsig_bytes exports = {0};
  wsig_bytes_u32(&exports, count);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t export[] = {3,
                        (uint8_t)('A' + i % 50),
                        (uint8_t)('A' + i / 50 % 50),
                        (uint8_t)('A' + i / 2500),
                        0,
                        0};
    wsig_bytes_append(&exports, export, sizeof export);
  }
  wsig_bytes_append(module, head, sizeof head - 1);
  wsig_bytes_u32(module, exports.length);
  wsig_bytes_append(module, exports.data, exports.length);
  wsig_bytes_append(module, code, sizeof code - 1);
  wsig_bytes_release(&exports);
}

TEST(a_late_refusal_says_nothing_about_a_new_module) {
  struct wsig_bytes module = {0};
  put_exporting(&module, 100000);
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  assert_int_equal(wasmsig_instrument(module.data, module.length, NULL, &made),
                   WASMSIG_INSTRUMENT_REFUSED);
  assert_non_null(strstr(made.why, "more exports than"));
  assert_null(made.bytes);
  assert_int_equal(made.polls, 0);
  assert_int_equal(made.loops, 0);
  assert_int_equal(made.placement, WASMSIG_WORDS_OWN);
  wasmsig_instrumented_release(&made);
  wsig_bytes_release(&module);
}

/* ----------------------------------------------------------- memory limits */

/* Instruments a loop in a memory of 2 to 9 pages, with this limit. */
static int limit_memory(uint64_t bytes, wasmsig_instrumented *made) {
  static const uint8_t module[] =
      "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\5\4\1\1\2\x09"
      "\x0a\x09\1\7\0\3\x40\x0c\0\x0b\x0b";
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  options.most_memory = bytes;
  return wasmsig_instrument(module, sizeof module - 1, &options, made);
}

static uint64_t maximum_with(uint64_t bytes, uint32_t limited) {
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  wasmsig_module_report found = WASMSIG_MODULE_REPORT_INIT;
  assert_int_equal(limit_memory(bytes, &made), 0);
  assert_int_equal(made.memories_limited, limited);
  assert_int_equal(
      wasmsig_module_inspect(made.bytes, made.length, NULL, &found), 0);
  uint64_t maximum = found.memory.maximum_pages;
  wasmsig_module_report_release(&found);
  wasmsig_instrumented_release(&made);
  return maximum;
}

TEST(a_memory_limit_is_the_maximum_in_whole_pages_unless_that_is_smaller) {
  assert_int_equal(maximum_with(0, 0), 9);
  assert_int_equal(maximum_with(2 << 16, 1), 2);
  assert_int_equal(maximum_with((6 << 16) - 1, 1), 5);
  assert_int_equal(maximum_with(9 << 16, 0), 9);
  assert_int_equal(maximum_with(UINT64_MAX, 0), 9);
}

TEST(a_memory_that_starts_above_the_limit_is_refused) {
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  assert_int_equal(limit_memory((2 << 16) - 1, &made),
                   WASMSIG_INSTRUMENT_REFUSED);
  assert_string_equal(made.why,
                      "memory 0 starts with 2 pages, above the limit of 1");
  assert_null(made.bytes);
  assert_int_equal(made.memories_limited, 0);
  wasmsig_instrumented_release(&made);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_in_leb128_are_read_as_they_were_written),
      cmocka_unit_test(bytes_grow_and_stay),
      cmocka_unit_test(bytes_that_do_not_fit_are_a_failure_that_stays),
      cmocka_unit_test(bytes_after_an_insertion_move),
      cmocka_unit_test(
          an_interval_that_the_user_chose_is_kept_and_loads_are_atomic),
      cmocka_unit_test(loops_that_may_take_long_poll_at_each_turn),
      cmocka_unit_test(loops_whose_turns_all_store_poll_by_a_plain_load),
      cmocka_unit_test(loops_that_never_repeat_do_not_poll),
      cmocka_unit_test(a_light_loop_counts_to_a_power_of_two),
      cmocka_unit_test(
          heads_and_returns_poll_by_a_plain_load_but_not_with_tail_calls),
      cmocka_unit_test(a_poll_moves_the_code_after_it),
      cmocka_unit_test(a_counter_is_a_local_after_the_others),
      cmocka_unit_test(wrong_arguments_of_the_public_call_change_nothing),
      cmocka_unit_test(unknown_places_are_wrong_arguments),
      cmocka_unit_test(a_late_refusal_says_nothing_about_a_new_module),
      cmocka_unit_test(
          a_memory_limit_is_the_maximum_in_whole_pages_unless_that_is_smaller),
      cmocka_unit_test(a_memory_that_starts_above_the_limit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
