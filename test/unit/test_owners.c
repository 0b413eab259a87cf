/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Several instances in one memory: which words they may have in common. */
#include "canary_guest.h"

TEST(a_word_that_is_tracked_already_is_not_zeroed_again) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  add_words(registry, &words);
  wasmsig_registry_raise(registry, 15);
  add_words(registry, &words);
  assert_int_equal(*signal_of(guest), 15);
  assert_int_equal(*pending_of(guest), 1 << 14);
  assert_int_equal(wasmsig_registry_count(registry), 2);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_word_is_raised_until_its_last_owner_is_removed) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  wasmsig_instance first = add_words(registry, &words);
  wasmsig_instance second = add_words(registry, &words);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 2);
  assert_int_equal(wasmsig_instance_remove(registry, first), WASMSIG_OK);
  assert_int_equal(wasmsig_registry_raise(registry, 15), 1);
  assert_int_equal(*signal_of(guest), 15);
  assert_int_equal(wasmsig_instance_remove(registry, second), WASMSIG_OK);
  assert_int_equal(wasmsig_registry_raise(registry, 24), 0);
  assert_int_equal(*signal_of(guest), 15);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(after_the_last_owner_is_removed_the_word_is_new_again) {
  const wasmsig_memory_class classes[] = {WASMSIG_MEMORY_FIXED,
                                          WASMSIG_MEMORY_SHARED};
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    wasmsig_registry *registry = new_registry();
    struct guest *guest = new_guest();
    wasmsig_words words = words_of(guest);
    words.memory_class = classes[i];
    wasmsig_instance instance = add_words(registry, &words);
    wasmsig_registry_raise(registry, 2);
    wasmsig_instance_remove(registry, instance);
    assert_int_equal(*signal_of(guest), 2);
    add_words(registry, &words);
    assert_int_equal(*signal_of(guest), 0);
    wasmsig_registry_destroy(registry);
    free(guest);
  }
}

TEST(a_word_stays_owned_while_one_owner_is_left) {
  const wasmsig_memory_class classes[] = {WASMSIG_MEMORY_FIXED,
                                          WASMSIG_MEMORY_SHARED};
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    wasmsig_registry *registry = new_registry();
    struct guest *guest = new_guest();
    wasmsig_words words = words_of(guest);
    words.memory_class = classes[i];
    wasmsig_instance first = add_words(registry, &words);
    add_words(registry, &words);
    wasmsig_registry_raise(registry, 2);
    wasmsig_instance_remove(registry, first);
    add_words(registry, &words);
    assert_int_equal(*signal_of(guest), 2);
    wasmsig_registry_destroy(registry);
    free(guest);
  }
}

TEST(each_word_has_owners_of_its_own) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words first = words_of(guest), second = words_of(guest);
  first.pending = WASMSIG_NO_WORD;
  add_words(registry, &first);
  wasmsig_registry_raise(registry, 15);
  assert_int_equal(*pending_of(guest), START);
  add_words(registry, &second);
  assert_int_equal(*signal_of(guest), 15);
  assert_int_equal(*pending_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(two_instances_in_one_memory_may_be_side_by_side) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  add_words(registry, &words);
  words.signal = SIGNAL_AT + 4;
  words.terminated = TERMINATED_AT + 4;
  words.pending = PENDING_AT + 8;
  memset(guest->memory + TERMINATED_AT + 4, 0, 4);
  add_words(registry, &words);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 2);
  wasmsig_registry_destroy(registry);
  free(guest);
}

/* A word of the second instance lies on a word of the first that means
 * something else. */
static void refuse_crossed_words(wasmsig_memory_class memory_class,
                                 bool across) {
  const struct {
    uint64_t signal, terminated, pending;
  } crossed[] = {
      {TERMINATED_AT, WASMSIG_NO_WORD, WASMSIG_NO_WORD},
      {PENDING_AT, WASMSIG_NO_WORD, WASMSIG_NO_WORD},
      {PENDING_AT + 4, WASMSIG_NO_WORD, WASMSIG_NO_WORD},
      {WASMSIG_NO_WORD, SIGNAL_AT, WASMSIG_NO_WORD},
      {WASMSIG_NO_WORD, PENDING_AT + 4, WASMSIG_NO_WORD},
      {WASMSIG_NO_WORD, WASMSIG_NO_WORD, SIGNAL_AT},
      {WASMSIG_NO_WORD, WASMSIG_NO_WORD, TERMINATED_AT},
  };
  wasmsig_registry *first = new_registry();
  wasmsig_registry *second = across ? new_registry() : first;
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  words.memory_class = memory_class;
  add_words(first, &words);
  wasmsig_registry_raise(first, 2);
  struct guest before = *guest;
  for (size_t i = 0; i < sizeof crossed / sizeof crossed[0]; i++) {
    wasmsig_instance instance = 42;
    words.signal = crossed[i].signal;
    words.terminated = crossed[i].terminated;
    words.pending = crossed[i].pending;
    int error = wasmsig_instance_add(second, &words, &instance);
    if (error != WASMSIG_EOVERLAP)
      fail_msg("case %zu: %s", i, wasmsig_error_name(error));
    assert_int_equal(instance, 42);
  }
  assert_memory_equal(guest, &before, sizeof before);
  assert_int_equal(wasmsig_process_raise(2), 1);
  wasmsig_registry_destroy(first);
  if (across) wasmsig_registry_destroy(second);
  free(guest);
}

TEST(words_of_two_instances_may_not_overlap_in_different_roles) {
  refuse_crossed_words(WASMSIG_MEMORY_FIXED, false);
  refuse_crossed_words(WASMSIG_MEMORY_GUARDED, false);
  refuse_crossed_words(WASMSIG_MEMORY_SHARED, false);
}

TEST(shared_words_of_two_registries_may_not_overlap_in_different_roles) {
  refuse_crossed_words(WASMSIG_MEMORY_SHARED, true);
}

TEST(a_shared_word_is_not_zeroed_by_another_registry) {
  wasmsig_registry *first = new_registry();
  wasmsig_registry *second = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  words.memory_class = WASMSIG_MEMORY_SHARED;
  add_words(first, &words);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(wasmsig_registry_raise(first, 15), 1);
  add_words(second, &words);
  assert_int_equal(*signal_of(guest), 15);
  assert_int_equal(wasmsig_process_raise(2), 2);
  wasmsig_registry_destroy(first);
  assert_int_equal(wasmsig_process_raise(24), 1);
  assert_int_equal(*signal_of(guest), 24);
  wasmsig_registry_destroy(second);
  free(guest);
}

TEST(many_memories_and_owners_come_and_go) {
  enum { MANY = 300, OWNERS = 3 };
  static wasmsig_instance instances[MANY][OWNERS];
  static struct guest *guests[MANY];
  const wasmsig_memory_class classes[] = {WASMSIG_MEMORY_FIXED,
                                          WASMSIG_MEMORY_SHARED};
  for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
    wasmsig_registry *registry = new_registry();
    for (int i = 0; i < MANY; i++) {
      guests[i] = new_guest();
      wasmsig_words words = words_of(guests[i]);
      words.memory_class = classes[c];
      for (int k = 0; k < OWNERS; k++)
        instances[i][k] = add_words(registry, &words);
    }
    for (int k = 0; k < OWNERS; k++) {
      int left = MANY * (OWNERS - k);
      assert_int_equal(wasmsig_registry_raise(registry, 1 + k), left);
      for (int i = 0; i < MANY; i++) {
        assert_int_equal(*signal_of(guests[i]), 1 + k);
        assert_int_equal(wasmsig_instance_remove(registry, instances[i][k]),
                         WASMSIG_OK);
      }
    }
    assert_int_equal(wasmsig_registry_count(registry), 0);
    wasmsig_registry_destroy(registry);
    for (int i = 0; i < MANY; i++) free(guests[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_word_that_is_tracked_already_is_not_zeroed_again),
      cmocka_unit_test(a_word_is_raised_until_its_last_owner_is_removed),
      cmocka_unit_test(after_the_last_owner_is_removed_the_word_is_new_again),
      cmocka_unit_test(a_word_stays_owned_while_one_owner_is_left),
      cmocka_unit_test(each_word_has_owners_of_its_own),
      cmocka_unit_test(two_instances_in_one_memory_may_be_side_by_side),
      cmocka_unit_test(
          words_of_two_instances_may_not_overlap_in_different_roles),
      cmocka_unit_test(
          shared_words_of_two_registries_may_not_overlap_in_different_roles),
      cmocka_unit_test(a_shared_word_is_not_zeroed_by_another_registry),
      cmocka_unit_test(many_memories_and_owners_come_and_go),
  };
  return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
