/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MOVABLE memories, written at call boundaries only; GUARDED ones, written
 * through the system. */
#include "canary_guest.h"

static wasmsig_instance add_class(wasmsig_registry *registry,
                                  struct guest *guest,
                                  wasmsig_memory_class memory_class) {
  wasmsig_words words = words_of(guest);
  words.memory_class = memory_class;
  return add_words(registry, &words);
}

static int sync(wasmsig_registry *registry, wasmsig_instance instance,
                struct guest *guest) {
  return wasmsig_instance_sync(registry, instance, guest->memory, LENGTH);
}

/* ---------------------------------------------------------------- MOVABLE */

TEST(add_zeroes_the_words_of_a_movable_memory) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  assert_canaries(guest);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_raise_writes_nothing_to_a_movable_memory) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  free(guest); /* a store would be a use after free */
  assert_int_equal(wasmsig_registry_raise(registry, 2), 1);
  assert_int_equal(wasmsig_instance_raise(registry, instance, 15), 1);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 2), 1);
  assert_int_equal(wasmsig_registry_terminate(registry), 1);
  wasmsig_registry_destroy(registry);
}

TEST(sync_delivers_to_the_current_place_of_the_memory) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest(), *moved = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  memcpy(moved, guest, sizeof *moved);
  free(guest);
  wasmsig_registry_raise(registry, 2);
  wasmsig_registry_raise(registry, 15);
  assert_int_equal(sync(registry, instance, moved), 1);
  assert_int_equal(*signal_of(moved), 15);
  assert_int_equal(*pending_of(moved), 1 << 14 | 1 << 1);
  assert_canaries(moved);
  *signal_of(moved) = 0;
  assert_int_equal(sync(registry, instance, moved), 0);
  assert_int_equal(*signal_of(moved), 0);
  wasmsig_registry_destroy(registry);
  free(moved);
}

TEST(a_clear_before_the_sync_leaves_nothing_to_deliver) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  wasmsig_registry_raise(registry, 2);
  assert_int_equal(wasmsig_registry_clear(registry, 15), 0);
  assert_int_equal(wasmsig_registry_clear(registry, 2), 1);
  assert_int_equal(sync(registry, instance, guest), 0);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_clear_removes_at_the_sync_what_was_delivered_before) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  wasmsig_registry_raise(registry, 2);
  sync(registry, instance, guest);
  wasmsig_registry_clear(registry, 15);
  sync(registry, instance, guest);
  assert_int_equal(*signal_of(guest), 2);
  wasmsig_registry_clear(registry, 2);
  wasmsig_registry_raise(registry, 10);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 10);
  assert_int_equal(*pending_of(guest), 1 << 9);
  wasmsig_registry_clear(registry, 0);
  assert_int_equal(sync(registry, instance, guest), 0);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(*pending_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_sync_announces_again_a_signal_that_waits_in_the_set) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  wasmsig_registry_raise(registry, 2);
  wasmsig_registry_raise(registry, 24);
  sync(registry, instance, guest);
  wasmsig_registry_clear(registry, 24);
  sync(registry, instance, guest);
  assert_int_equal(*signal_of(guest), 2);
  assert_int_equal(*pending_of(guest), 1 << 1);
  wasmsig_registry_raise(registry, 10);
  wasmsig_registry_raise(registry, 24);
  wasmsig_registry_clear(registry, 24);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 10);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_raise_after_a_clear_is_not_cleared) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  wasmsig_registry_raise(registry, 5);
  sync(registry, instance, guest);
  wasmsig_registry_clear(registry, 5);
  wasmsig_registry_raise(registry, 5);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 5);
  assert_int_equal(sync(registry, instance, guest), 0);
  assert_int_equal(*signal_of(guest), 5);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_movable_instance_that_says_it_is_dead_receives_no_signal) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  *terminated_of(guest) = 9;
  wasmsig_registry_raise(registry, 2);
  assert_int_equal(sync(registry, instance, guest), 0);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(sigkill_reaches_a_movable_instance_that_is_dead) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  *terminated_of(guest) = 5;
  wasmsig_registry_raise(registry, 9);
  wasmsig_registry_raise(registry,
                         2); /* no sync has read yet that it is dead */
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 9);
  assert_int_equal(*pending_of(guest), 1 << 8);
  *signal_of(guest) = 0;
  assert_int_equal(wasmsig_registry_raise(registry, 9), 1);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 9);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(terminate_reaches_a_movable_instance_at_its_sync) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  assert_int_equal(wasmsig_instance_terminate(registry, instance), 1);
  assert_int_equal(*terminated_of(guest), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 0);
  sync(registry, instance, guest);
  assert_int_equal(*terminated_of(guest), 1);
  assert_int_equal(*signal_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_refused_sync_writes_nothing_and_keeps_what_waits) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_MOVABLE);
  wasmsig_registry_raise(registry, 2);
  assert_int_equal(wasmsig_instance_sync(NULL, instance, guest, LENGTH),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_instance_sync(registry, instance, NULL, LENGTH),
                   WASMSIG_EINVAL);
  assert_int_equal(
      wasmsig_instance_sync(registry, instance, guest->memory + 4, LENGTH),
      WASMSIG_EALIGN);
  assert_int_equal(
      wasmsig_instance_sync(registry, instance, guest->memory, PENDING_AT + 7),
      WASMSIG_ERANGE);
  assert_int_equal(
      wasmsig_instance_sync(registry, instance ^ 1, guest->memory, LENGTH),
      WASMSIG_ENOINSTANCE);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 2);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(there_is_nothing_to_sync_in_a_fixed_memory) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance = add(registry, guest);
  wasmsig_registry_raise(registry, 2);
  *signal_of(guest) = 0;
  assert_int_equal(sync(registry, instance, guest), 0);
  assert_int_equal(*signal_of(guest), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

TEST(a_movable_word_without_a_set_keeps_the_newest) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_words words = words_of(guest);
  words.memory_class = WASMSIG_MEMORY_MOVABLE;
  words.pending = words.terminated = WASMSIG_NO_WORD;
  wasmsig_instance instance = add_words(registry, &words);
  wasmsig_registry_raise(registry, 15);
  wasmsig_registry_raise(registry, 2);
  assert_int_equal(sync(registry, instance, guest), 1);
  assert_int_equal(*signal_of(guest), 2);
  assert_int_equal(wasmsig_registry_terminate(registry), 0);
  wasmsig_registry_destroy(registry);
  free(guest);
}

/* ---------------------------------------------------------------- GUARDED */

TEST(a_guarded_memory_is_written_through_the_system) {
  wasmsig_registry *registry = new_registry();
  struct guest *guest = new_guest();
  wasmsig_instance instance =
      add_class(registry, guest, WASMSIG_MEMORY_GUARDED);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 24), 1);
  assert_int_equal(*signal_of(guest), 24);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 15), 0);
  assert_int_equal(*signal_of(guest), 24);
  assert_int_equal(wasmsig_instance_clear(registry, instance, 24), 1);
  assert_int_equal(*signal_of(guest), 0);
  assert_int_equal(wasmsig_registry_terminate(registry), 1);
  assert_int_equal(*terminated_of(guest), 1);
  assert_int_equal(wasmsig_registry_raise(registry, 24), 0);
  assert_int_equal(wasmsig_registry_raise(registry, 9), 1);
  assert_int_equal(*signal_of(guest), 9);
  assert_int_equal(*pending_of(guest), START); /* left alone */
  assert_canaries(guest);
  wasmsig_registry_destroy(registry);
  free(guest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add_zeroes_the_words_of_a_movable_memory),
      cmocka_unit_test(a_raise_writes_nothing_to_a_movable_memory),
      cmocka_unit_test(sync_delivers_to_the_current_place_of_the_memory),
      cmocka_unit_test(a_clear_before_the_sync_leaves_nothing_to_deliver),
      cmocka_unit_test(a_clear_removes_at_the_sync_what_was_delivered_before),
      cmocka_unit_test(a_sync_announces_again_a_signal_that_waits_in_the_set),
      cmocka_unit_test(a_raise_after_a_clear_is_not_cleared),
      cmocka_unit_test(
          a_movable_instance_that_says_it_is_dead_receives_no_signal),
      cmocka_unit_test(sigkill_reaches_a_movable_instance_that_is_dead),
      cmocka_unit_test(terminate_reaches_a_movable_instance_at_its_sync),
      cmocka_unit_test(a_refused_sync_writes_nothing_and_keeps_what_waits),
      cmocka_unit_test(there_is_nothing_to_sync_in_a_fixed_memory),
      cmocka_unit_test(a_movable_word_without_a_set_keeps_the_newest),
      cmocka_unit_test(a_guarded_memory_is_written_through_the_system),
  };
  return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
