/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The index, against the plainest thing that does the same. */
#include "canary_guest.h"
#include "signals/index.h"

enum { NUMBERS = 400, KEYS = 37, TURNS = 20000 };

static uintptr_t keys[NUMBERS];
static bool present[NUMBERS];

static uintptr_t key_of(const void *unused, uint32_t number) {
  (void)unused;
  return keys[number];
}

static void assert_same(const struct wsig_index *index, uintptr_t key) {
  uint32_t at = 0, number, found = 0, expected = 0;
  static bool seen[NUMBERS];
  memset(seen, 0, sizeof seen);
  while (wsig_index_next(index, key_of, NULL, key, &at, &number)) {
    assert_true(number < NUMBERS && present[number] && keys[number] == key);
    assert_false(seen[number]);
    seen[number] = true;
    found++;
  }
  for (uint32_t i = 0; i < NUMBERS; i++)
    expected += present[i] && keys[i] == key;
  assert_int_equal(found, expected);
}

TEST(it_contains_the_numbers_that_were_inserted_and_not_removed) {
  struct wsig_index index = {0};
  srand(1);
  for (int turn = 0; turn < TURNS; turn++) {
    uint32_t number = (uint32_t)rand() % NUMBERS;
    if (present[number]) {
      wsig_index_remove(&index, key_of, NULL, keys[number], number);
    } else {
      keys[number] = 4096u * (1 + (uintptr_t)rand() % KEYS);
      assert_true(wsig_index_reserve(&index, key_of, NULL));
      wsig_index_insert(&index, keys[number], number);
    }
    present[number] = !present[number];
    assert_same(&index, keys[number]);
    assert_same(&index, 4096u * (1 + (uintptr_t)rand() % KEYS));
  }
  wsig_index_free(&index);
}

TEST(an_empty_index_finds_no_number) {
  struct wsig_index index = {0};
  uint32_t at = 0, number;
  assert_false(wsig_index_next(&index, key_of, NULL, 4096, &at, &number));
  assert_true(wsig_index_reserve(&index, key_of, NULL));
  assert_false(wsig_index_next(&index, key_of, NULL, 4096, &at, &number));
  wsig_index_free(&index);
  assert_int_equal(index.capacity, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          it_contains_the_numbers_that_were_inserted_and_not_removed),
      cmocka_unit_test(an_empty_index_finds_no_number),
  };
  return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
