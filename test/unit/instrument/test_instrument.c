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
                            enum wsig_counter counter) {
  assert_int_equal(interval.every, every);
  assert_int_equal(interval.counter, counter);
}

TEST(an_interval_that_the_user_chose_is_kept) {
  struct wsig_work light = {.instructions = 5};
  struct wsig_work heavy = {.instructions = 5000, .has_bulk = true};
  struct wsig_work calling = {.instructions = 5, .has_calls = true};
  assert_interval(wsig_poll_interval_of_loop(&light, 1), 1, WSIG_COUNT_NONE);
  assert_interval(wsig_poll_interval_of_loop(&calling, 1), 1, WSIG_COUNT_NONE);
  assert_interval(wsig_poll_interval_of_loop(&light, 7), 7, WSIG_COUNT_LOCAL);
  assert_interval(wsig_poll_interval_of_loop(&heavy, 7), 7, WSIG_COUNT_LOCAL);
  assert_interval(wsig_poll_interval_of_loop(&calling, 7), 7,
                  WSIG_COUNT_GLOBAL);
  assert_interval(wsig_poll_interval_of_head(&light, 7), 7, WSIG_COUNT_GLOBAL);
  assert_interval(wsig_poll_interval_of_head(&heavy, 7), 7, WSIG_COUNT_GLOBAL);
  assert_interval(wsig_poll_interval_of_return(7), 7, WSIG_COUNT_GLOBAL);
}

TEST(loops_that_may_take_long_poll_each_time) {
  struct wsig_work heavy = {.instructions = 100000, .has_calls = true};
  struct wsig_work bulk = {.instructions = 5, .has_bulk = true};
  struct wsig_work both = bulk;
  both.has_calls = true;
  assert_interval(wsig_poll_interval_of_loop(&heavy, 0), 1, WSIG_COUNT_NONE);
  assert_interval(wsig_poll_interval_of_loop(&bulk, 0), 1, WSIG_COUNT_NONE);
  assert_interval(wsig_poll_interval_of_loop(&both, 0), 1, WSIG_COUNT_NONE);
  assert_interval(wsig_poll_interval_of_head(&bulk, 0), 1, WSIG_COUNT_NONE);
}

TEST(intervals_with_a_counter_are_powers_of_two) {
  struct wsig_work light = {.instructions = 5};
  struct wsig_work calling = {.instructions = 5, .has_calls = true};
  struct wsig_work heavy = {.instructions = 100000};
  struct wsig_poll_interval turns = wsig_poll_interval_of_loop(&light, 0);
  struct wsig_poll_interval calls = wsig_poll_interval_of_loop(&calling, 0);
  assert_int_equal(turns.every & (turns.every - 1), 0);
  assert_int_equal(calls.every & (calls.every - 1), 0);
  assert_true(calls.every > 1 && calls.every < turns.every);
  assert_interval(wsig_poll_interval_of_head(&light, 0), calls.every,
                  WSIG_COUNT_GLOBAL);
  assert_interval(wsig_poll_interval_of_return(0), calls.every,
                  WSIG_COUNT_GLOBAL);
  assert_interval(wsig_poll_interval_of_loop(&heavy, 0), 1, WSIG_COUNT_NONE);
}

/* -------------------------------------------------------------------- code */

/* Two functions: no loops; (local i64) loop, nop, end. Sizes have 5 bytes in
 * the second, as linkers write them. */
static const uint8_t code_section[] =
    "\2"
    "\2\0\x0b"
    "\x88\x80\x80\x80\0\1\1\x7e\3\x40\1\x0b\x0b";

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
  wsig_bytes_append(&plan.poll, "POLL", 4);
  assert_int_equal(wsig_code_write(code, &scan, &plan), 0);
  wsig_bytes_release(&plan.poll);
  wsig_scan_release(&scan);
}

TEST(a_poll_moves_the_code_after_it) {
  struct wsig_code code;
  write_code(&code, 1);
  static const uint8_t wanted[] =
      "\2"
      "\2\0\x0b"
      "\x8c\x80\x80\x80\0\1\1\x7e\3\x40POLL\1\x0b\x0b";
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
      "\x9c\x80\x80\x80\0\2\1\x7e\1\x7f\3\x40"
      "\x20\1\x41\x80\x80\x80\x20\x6a\x22\1\x45\4\x40POLL\x0b"
      "\1\x0b\x0b";
  assert_int_equal(code.payload.length, sizeof wanted - 1);
  assert_memory_equal(code.payload.data, wanted, sizeof wanted - 1);
  assert_int_equal(wsig_offset_map_apply(&code.map, 11),
                   11); /* the local's group */
  assert_int_equal(wsig_offset_map_apply(&code.map, 12), 14); /* the loop */
  assert_int_equal(wsig_offset_map_apply(&code.map, 14), 34); /* its body */
  assert_false(code.needs_counter);
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

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_in_leb128_are_read_as_they_were_written),
      cmocka_unit_test(bytes_grow_and_stay),
      cmocka_unit_test(bytes_that_do_not_fit_are_a_failure_that_stays),
      cmocka_unit_test(bytes_after_an_insertion_move),
      cmocka_unit_test(an_interval_that_the_user_chose_is_kept),
      cmocka_unit_test(loops_that_may_take_long_poll_each_time),
      cmocka_unit_test(intervals_with_a_counter_are_powers_of_two),
      cmocka_unit_test(a_poll_moves_the_code_after_it),
      cmocka_unit_test(a_counter_is_a_local_after_the_others),
      cmocka_unit_test(wrong_arguments_of_the_public_call_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
