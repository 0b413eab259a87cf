/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The registry and its raises, one behaviour a test. */
#include "canary_guest.h"

#include <sys/mman.h>

/* ------------------------------------------------------------------- add */

TEST(add_zeroes_the_signal_word_and_the_pending_set) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  add(registry, guest);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  assert_canaries(guest);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(add_does_not_change_the_terminated_word) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  *terminated_of(guest) = 7;
  add(registry, guest);
  assert_int_equal(*terminated_of(guest), 7);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_refused_add_writes_nothing_and_tracks_nothing) {
  const struct {
    uint64_t signal, terminated, pending, length;
    int error;
  } cases[] = {
      {WASMSIG_NO_WORD, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH,
       WASMSIG_EINVAL},
      {LENGTH, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH, WASMSIG_ERANGE},
      {LENGTH - 3, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH, WASMSIG_ERANGE},
      {0, WASMSIG_NO_WORD, WASMSIG_NO_WORD, 3, WASMSIG_ERANGE},
      {0, WASMSIG_NO_WORD, WASMSIG_NO_WORD, 0, WASMSIG_ERANGE},
      {0, WASMSIG_NO_WORD, LENGTH - 4, LENGTH, WASMSIG_ERANGE},
      {UINT64_MAX - 3, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH,
       WASMSIG_ERANGE},
      {0xfffffff0u, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH, WASMSIG_ERANGE},
      {2, WASMSIG_NO_WORD, WASMSIG_NO_WORD, LENGTH, WASMSIG_EALIGN},
      {WASMSIG_NO_WORD, 5, WASMSIG_NO_WORD, LENGTH, WASMSIG_EALIGN},
      {WASMSIG_NO_WORD, WASMSIG_NO_WORD, 12, LENGTH, WASMSIG_EALIGN},
      {64, 64, WASMSIG_NO_WORD, LENGTH, WASMSIG_EOVERLAP},
      {64, WASMSIG_NO_WORD, 64, LENGTH, WASMSIG_EOVERLAP},
      {68, WASMSIG_NO_WORD, 64, LENGTH, WASMSIG_EOVERLAP},
      {WASMSIG_NO_WORD, 68, 64, LENGTH, WASMSIG_EOVERLAP},
  };
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  struct guest before = *guest;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    wasmsig_words words = words_of(guest);
    wasmsig_instance instance = 42;
    words.length = cases[i].length;
    words.signal = cases[i].signal;
    words.terminated = cases[i].terminated;
    words.pending = cases[i].pending;
    int error = wasmsig_instance_add(registry, &words, &instance);
    if (error != cases[i].error)
      fail_msg("case %zu: %s", i, wasmsig_error_name(error));
    assert_int_equal(instance, 42);
  }
  assert_memory_equal(guest, &before, sizeof before);
  assert_int_equal(wasmsig_registry_count(registry), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(the_last_word_of_a_memory_is_inside) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  wasmsig_instance instance;
  words.signal = LENGTH - 4;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_OK);
  wasmsig_registry_destroy(registry);
  free(guest);
}

/* -------------------------------------------------------- raise and clear */

TEST(raise_stores_the_number_and_ors_the_bit) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  assert_int_equal(wasmsig_instance_raise(registry, instance, 2), 1);
  assert_int_equal(wasmsig_instance_raise(registry, instance, 64), 1);
  assert_int_equal(*signal_of(guest), 64);
  assert_true(*pending_of(guest) == (UINT64_C(1) << 63 | 2));
  assert_canaries(guest);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(raise_skips_an_instance_that_says_it_is_dead) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  *terminated_of(guest) = 5;
  assert_int_equal(wasmsig_instance_raise(registry, instance, 2), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(sigkill_reaches_an_instance_that_says_it_is_dead) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  *terminated_of(guest) = 5;
  assert_int_equal(wasmsig_instance_raise(registry, instance, 9), 1);
  assert_int_equal(*signal_of(guest), 9);
  assert_int_equal(*pending_of(guest), 1 << 8);
  assert_int_equal(*terminated_of(guest), 5);
  *signal_of(guest) = 0;
  assert_true(wasmsig_process_raise(9) >= 1);
  assert_int_equal(*signal_of(guest), 9);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(terminate_stores_one_and_ends_the_signals) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  assert_int_equal(wasmsig_instance_terminate(registry, instance), 1);
  assert_int_equal(*terminated_of(guest), 1);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(raise_refuses_numbers_outside_1_to_64) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  const int bad[] = {0, -1, 65, 1 << 30};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(wasmsig_instance_raise(registry, instance, bad[i]),
                     WASMSIG_ESIGNAL);
    assert_int_equal(wasmsig_registry_raise(registry, bad[i]), WASMSIG_ESIGNAL);
    assert_int_equal(wasmsig_process_raise(bad[i]), WASMSIG_ESIGNAL);
  }
  assert_int_equal(*signal_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(clear_removes_one_signal_or_all) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  wasmsig_registry_raise(registry, 2);
  wasmsig_registry_raise(registry, 24);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 15), 0);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 2), 1);
  assert_int_equal(*signal_of(guest), 24);
  assert_true(*pending_of(guest) == UINT64_C(1) << 23);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 0), 1);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  assert_int_equal(wasmsig_registry_clear(registry, 0), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_clear_announces_again_a_signal_that_waits_in_the_set) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  add(registry, guest);
  wasmsig_registry_raise(registry, 2);
  wasmsig_registry_raise(registry, 24);
  assert_int_equal(wasmsig_registry_clear(registry, 24), 1);
  assert_int_equal(*signal_of(guest), 2);
  assert_int_equal(*pending_of(guest), 1 << 1);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(the_process_is_all_registries) {
  wasmsig_registry *first = new_registry();
  wasmsig_registry *second = new_registry();
  struct guest *a = new_guest(), *b = new_guest();
  add(first, a);
  add(second, b);
  assert_int_equal(wasmsig_process_raise(10), 2);
  assert_int_equal(*signal_of(a), 10);
  assert_int_equal(*signal_of(b), 10);
  wasmsig_registry_destroy(first);
  assert_int_equal(wasmsig_process_raise(12), 1);
  assert_int_equal(*signal_of(a), 10);
  assert_int_equal(wasmsig_process_clear(0), 1);
  wasmsig_registry_destroy(second);
  free(a);
  free(b);
}

/* ------------------------------------------------------ remove and reuse */

TEST(a_removed_instance_is_not_reached) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  assert_int_equal(wasmsig_instance_remove(registry, instance), WASMSIG_OK);
  free(guest); /* a late store would be a use after free */
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  assert_int_equal(wasmsig_instance_raise(registry, instance, 2),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_remove(registry, instance),
                   WASMSIG_ENOINSTANCE);
  wasmsig_registry_destroy(registry);
}

TEST(an_old_handle_does_not_name_the_slots_new_instance) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance before = add(registry, guest);
  wasmsig_instance_remove(registry, before);
  wasmsig_instance after = add(registry, guest);
  assert_true(before != after);
  assert_int_equal(wasmsig_instance_raise(registry, before, 2),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_remove(registry, before),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_registry_count(registry), 1);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_handle_of_another_registry_names_no_instance) {
  wasmsig_registry *mine = new_registry();
  wasmsig_registry *other = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(mine, guest);
  struct guest *second = new_guest();
  add(other, second);
  assert_int_equal(wasmsig_instance_remove(other, instance),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_raise(other, instance, 2),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_remove(other, UINT64_MAX),
                   WASMSIG_ENOINSTANCE);
  wasmsig_registry_destroy(mine);
  wasmsig_registry_destroy(other);
  free(guest);
  free(second);
}

TEST(a_handle_of_a_slot_that_never_existed_names_no_instance) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  for (int bit = 0; bit <= 32; bit++) {
    wasmsig_instance other =
        bit < 32 ? instance ^ UINT64_C(1) << bit : instance | UINT32_MAX;
    assert_int_equal(wasmsig_instance_remove(registry, other),
                     WASMSIG_ENOINSTANCE);
    assert_int_equal(wasmsig_instance_raise(registry, other, 2),
                     WASMSIG_ENOINSTANCE);
  }
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(wasmsig_registry_count(registry), 1);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(many_instances_come_and_go_and_each_is_reached) {
  enum { MANY = 1000 };
  wasmsig_registry *registry = new_registry();
  static struct guest *guests[MANY];
  static wasmsig_instance instances[MANY];
  for (int i = 0; i < MANY; i++) {
    guests[i] = new_guest();
    instances[i] = add(registry, guests[i]);
  }
  assert_int_equal(wasmsig_registry_count(registry), MANY);
  assert_int_equal(wasmsig_registry_raise(registry, 2), MANY);
  for (int i = 0; i < MANY; i += 3)
    assert_int_equal(wasmsig_instance_remove(registry, instances[i]),
                     WASMSIG_OK);
  assert_int_equal(wasmsig_registry_raise(registry, 15), MANY - 334);
  for (int i = 0; i < MANY; i += 3) instances[i] = add(registry, guests[i]);
  assert_int_equal(wasmsig_registry_count(registry), MANY);
  assert_int_equal(wasmsig_registry_raise(registry, 24), MANY);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(*signal_of(guests[i]), 24);
    assert_canaries(guests[i]);
  }
  wasmsig_registry_destroy(registry);
  for (int i = 0; i < MANY; i++) free(guests[i]);
}

TEST(a_destroyed_registry_says_so) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  wasmsig_instance instance = add(registry, guest);
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_OK);
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_remove(registry, instance), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_raise(registry, 2), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_raise(registry, instance, 2),
                   WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 0),
                   WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_clear(registry, 0), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_terminate(registry, instance),
                   WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_terminate(registry), WASMSIG_EDEAD);
  assert_int_equal(
      wasmsig_instance_sync(registry, instance, guest->memory, LENGTH),
      WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_count(registry), 0);
  assert_int_equal(*signal_of(guest), 0);
  free(guest);
}

TEST(a_handle_does_not_outlive_its_registry) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance before = add(registry, guest);
  wasmsig_registry_destroy(registry);
  wasmsig_registry *again = new_registry(); /* in the same place */
  add(again, guest);
  assert_int_equal(wasmsig_instance_raise(again, before, 2),
                   WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_remove(again, before), WASMSIG_ENOINSTANCE);
  assert_int_equal(*signal_of(guest), 0);
  wasmsig_registry_destroy(again);
  free(guest);
}

TEST(terminate_reaches_a_registry_or_the_process) {
  wasmsig_registry *first = new_registry(), *second = new_registry();
  struct guest *a = new_guest(), *b = new_guest();
  add(first, a);
  add(second, b);
  assert_int_equal(wasmsig_registry_terminate(first), 1);
  assert_int_equal(*terminated_of(a), 1);
  assert_int_equal(*terminated_of(b), 0);
  assert_int_equal(wasmsig_process_terminate(), 2);
  assert_int_equal(*terminated_of(b), 1);
  assert_int_equal(wasmsig_process_raise(2), 0);
  wasmsig_registry_destroy(first);
  wasmsig_registry_destroy(second);
  free(a);
  free(b);
}

TEST(an_address_with_the_top_bit_set_is_a_high_address) {
  /* Nothing but the last page of the 4 GiB is ever touched. */
  const uint64_t length = UINT64_C(1) << 32;
  char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(memory != MAP_FAILED);
  wasmsig_registry *registry = new_registry();
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = memory;
  words.length = length;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = (uint32_t)-16;
  add_words(registry, &words);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 1);
  assert_int_equal(memory[0xfffffff0u], 2);
  wasmsig_registry_destroy(registry);
  munmap(memory, length);
}

/* A host that was built before there was a handled set. */
TEST(words_of_an_older_version_are_accepted) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  words.size = offsetof(wasmsig_words, handled);
  words.handled = 4; /* what lies behind it there */
  add_words(registry, &words);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 1);
  assert_int_equal(*signal_of(guest), 2);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(the_handled_set_is_a_word_that_is_not_changed) {
  wasmsig_registry *registry = new_registry();
  uint64_t memory[3] = {1, 1, 5};
  wasmsig_instance instance;
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = memory;
  words.length = sizeof memory;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = 0;
  words.pending = 8;
  const struct {
    uint64_t address;
    int error;
  } bad[] = {{20, WASMSIG_ERANGE},
             {12, WASMSIG_EALIGN},
             {8, WASMSIG_EOVERLAP},
             {0, WASMSIG_EOVERLAP}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    words.handled = bad[i].address;
    assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                     bad[i].error);
  }
  words.handled = 16;
  add_words(registry, &words);
  wasmsig_registry_raise(registry, 2);
  wasmsig_registry_clear(registry, 0);
  assert_int_equal(memory[0], 0);
  assert_int_equal(memory[2], 5);
  words.signal = words.pending = WASMSIG_NO_WORD;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EINVAL);
  wasmsig_registry_destroy(registry);
}

TEST(missing_arguments_are_refused) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  wasmsig_instance instance;
  assert_int_equal(wasmsig_registry_create(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_registry_destroy(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_add(NULL, &words, &instance),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_add(registry, NULL, &instance),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_add(registry, &words, NULL),
                   WASMSIG_EINVAL);
  words.memory = NULL;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EINVAL);
  words = words_of(guest);
  words.size = 8;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_remove(NULL, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_registry_raise(NULL, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_registry_clear(NULL, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_raise(NULL, 1, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_clear(NULL, 1, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_terminate(NULL, 1), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_registry_count(NULL), 0);
  assert_int_equal(*signal_of(guest), START);
  wasmsig_registry_destroy(registry);
  free(guest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add_zeroes_the_signal_word_and_the_pending_set),
      cmocka_unit_test(add_does_not_change_the_terminated_word),
      cmocka_unit_test(a_refused_add_writes_nothing_and_tracks_nothing),
      cmocka_unit_test(the_last_word_of_a_memory_is_inside),
      cmocka_unit_test(raise_stores_the_number_and_ors_the_bit),
      cmocka_unit_test(raise_skips_an_instance_that_says_it_is_dead),
      cmocka_unit_test(sigkill_reaches_an_instance_that_says_it_is_dead),
      cmocka_unit_test(terminate_stores_one_and_ends_the_signals),
      cmocka_unit_test(raise_refuses_numbers_outside_1_to_64),
      cmocka_unit_test(clear_removes_one_signal_or_all),
      cmocka_unit_test(a_clear_announces_again_a_signal_that_waits_in_the_set),
      cmocka_unit_test(the_process_is_all_registries),
      cmocka_unit_test(a_removed_instance_is_not_reached),
      cmocka_unit_test(an_old_handle_does_not_name_the_slots_new_instance),
      cmocka_unit_test(a_handle_of_another_registry_names_no_instance),
      cmocka_unit_test(a_handle_of_a_slot_that_never_existed_names_no_instance),
      cmocka_unit_test(many_instances_come_and_go_and_each_is_reached),
      cmocka_unit_test(a_destroyed_registry_says_so),
      cmocka_unit_test(a_handle_does_not_outlive_its_registry),
      cmocka_unit_test(terminate_reaches_a_registry_or_the_process),
      cmocka_unit_test(an_address_with_the_top_bit_set_is_a_high_address),
      cmocka_unit_test(words_of_an_older_version_are_accepted),
      cmocka_unit_test(the_handled_set_is_a_word_that_is_not_changed),
      cmocka_unit_test(missing_arguments_are_refused),
  };
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
