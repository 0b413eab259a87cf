/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What waits for an instance, one behaviour a test. */
#include "support.h"

static wasmsig_registry *registry;
static uint64_t memory[4];

static int set_up(void **state) {
  (void)state;
  return wasmsig_registry_create(&registry);
}

static int tear_down(void **state) {
  (void)state;
  return wasmsig_registry_destroy(registry);
}

static wasmsig_instance tracked(wasmsig_memory_class class, uint64_t signal,
                                uint64_t pending) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  wasmsig_instance instance;
  memset(memory, 0, sizeof memory);
  words.memory = memory;
  words.length = sizeof memory;
  words.memory_class = class;
  words.signal = signal;
  words.pending = pending;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance), 0);
  return instance;
}

static void assert_waits(wasmsig_instance instance, int expected) {
  assert_int_equal(wasmsig_instance_waiting(registry, instance), expected);
}

TEST(nothing_waits_for_a_new_instance) {
  assert_waits(tracked(WASMSIG_MEMORY_FIXED, 0, 8), 0);
  assert_waits(tracked(WASMSIG_MEMORY_MOVABLE, 0, 8), 0);
}

TEST(the_newest_signal_waits_until_it_is_acknowledged) {
  wasmsig_instance instance = tracked(WASMSIG_MEMORY_FIXED, 0, 8);
  wasmsig_instance_raise(registry, instance, SIGXCPU);
  wasmsig_instance_raise(registry, instance, SIGINT);
  assert_waits(instance, SIGINT);
  wsig_store_relaxed((uint32_t *)memory, 0);
  assert_waits(instance, 0);
}

TEST(without_a_signal_word_the_lowest_of_the_set_waits) {
  wasmsig_instance instance = tracked(WASMSIG_MEMORY_FIXED, WASMSIG_NO_WORD, 8);
  wasmsig_instance_raise(registry, instance, SIGXCPU);
  wasmsig_instance_raise(registry, instance, SIGINT);
  assert_waits(instance, SIGINT);
}

TEST(for_a_movable_memory_it_waits_until_the_sync) {
  wasmsig_instance instance = tracked(WASMSIG_MEMORY_MOVABLE, 0, 8);
  wasmsig_instance_raise(registry, instance, SIGINT);
  assert_waits(instance, SIGINT);
  wasmsig_instance_sync(registry, instance, memory, sizeof memory);
  assert_waits(instance, 0);
}

TEST(a_guarded_word_is_read_by_the_system) {
  wasmsig_instance instance =
      tracked(WASMSIG_MEMORY_GUARDED, 0, WASMSIG_NO_WORD);
  wasmsig_instance_raise(registry, instance, SIGTERM);
  assert_waits(instance, SIGTERM);
}

TEST(only_the_named_instance_is_read) {
  wasmsig_instance one = tracked(WASMSIG_MEMORY_FIXED, 0, WASMSIG_NO_WORD);
  struct guest other;
  guest_track(&other, registry);
  wasmsig_instance_raise(registry, other.instance, SIGINT);
  assert_waits(one, 0);
  assert_waits(other.instance, SIGINT);
}

TEST(whatever_a_guest_writes_the_answer_is_at_most_64) {
  wasmsig_instance instance = tracked(WASMSIG_MEMORY_FIXED, 0, 8);
  wsig_store_relaxed((uint32_t *)memory, UINT32_MAX);
  assert_waits(instance, WASMSIG_SIGNAL_MAX);
}

TEST(a_removed_instance_and_a_destroyed_registry_are_different_errors) {
  wasmsig_instance instance = tracked(WASMSIG_MEMORY_FIXED, 0, 8);
  wasmsig_registry *gone;
  wasmsig_instance_remove(registry, instance);
  assert_waits(instance, WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_registry_create(&gone), 0);
  wasmsig_registry_destroy(gone);
  assert_int_equal(wasmsig_instance_waiting(gone, instance), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_instance_waiting(NULL, instance), WASMSIG_EINVAL);
}

#define WITH_REGISTRY(test) \
  cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_REGISTRY(nothing_waits_for_a_new_instance),
      WITH_REGISTRY(the_newest_signal_waits_until_it_is_acknowledged),
      WITH_REGISTRY(without_a_signal_word_the_lowest_of_the_set_waits),
      WITH_REGISTRY(for_a_movable_memory_it_waits_until_the_sync),
      WITH_REGISTRY(a_guarded_word_is_read_by_the_system),
      WITH_REGISTRY(only_the_named_instance_is_read),
      WITH_REGISTRY(whatever_a_guest_writes_the_answer_is_at_most_64),
      WITH_REGISTRY(
          a_removed_instance_and_a_destroyed_registry_are_different_errors),
  };
  return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
