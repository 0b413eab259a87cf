/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which forwarded signals wait for guests, and which guests handle them. */
#include "forwarding.h"

static uint64_t waiting(int signal) {
  uint64_t count = UINT64_MAX;
  assert_int_equal(wasmsig_forward_waiting(signal, &count), WASMSIG_OK);
  return count;
}

static uint64_t handling(int signal) {
  uint64_t count = UINT64_MAX;
  assert_int_equal(wasmsig_forward_handled(signal, &count), WASMSIG_OK);
  return count;
}

/* Forwards a signal whose handler was installed before. */
static void start_handled(int signal) {
  set_action(signal, handle, 0);
  start(signal);
}

static wasmsig_instance tracked(void *memory, size_t length,
                                wasmsig_memory_class class, uint64_t signal,
                                uint64_t pending) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  wasmsig_instance instance = 0;
  words.memory = memory;
  words.length = length;
  words.memory_class = class;
  words.signal = signal;
  words.pending = pending;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance), 0);
  return instance;
}

TEST(a_signal_waits_until_each_guest_has_acknowledged_it) {
  struct guest other;
  guest_track(&other, registry);
  start_handled(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 0);
  raise(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 2);
  guest_acknowledge(&guest);
  assert_int_equal(waiting(SIGUSR1), 1);
  guest_acknowledge(&other);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(another_signal_that_waits_is_not_mistaken_for_it) {
  start_handled(SIGUSR1);
  start_handled(SIGUSR2);
  raise(SIGUSR1);
  guest_acknowledge(&guest);
  raise(SIGUSR2);
  assert_int_equal(waiting(SIGUSR1), 0);
  assert_int_equal(waiting(SIGUSR2), 1);
}

TEST(with_a_pending_set_a_later_signal_does_not_replace_it) {
  start_handled(SIGUSR1);
  start_handled(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  assert_int_equal(waiting(SIGUSR1), 1);
  wsig_store_release(&guest.signal, 0);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(without_a_pending_set_the_newest_signal_waits) {
  uint64_t memory[2] = {0};
  wasmsig_instance_remove(registry, guest.instance);
  tracked(memory, sizeof memory, WASMSIG_MEMORY_FIXED, 0, WASMSIG_NO_WORD);
  start_handled(SIGUSR1);
  start_handled(SIGUSR2);
  raise(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 1);
  raise(SIGUSR2);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(without_a_signal_word_the_pending_set_counts) {
  uint64_t memory[2] = {0};
  wasmsig_instance_remove(registry, guest.instance);
  tracked(memory, sizeof memory, WASMSIG_MEMORY_FIXED, WASMSIG_NO_WORD, 8);
  start_handled(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 1);
  wsig_store_release(&memory[1], 0);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(for_a_movable_memory_it_waits_until_the_sync) {
  uint64_t memory[2] = {0};
  wasmsig_instance_remove(registry, guest.instance);
  wasmsig_instance instance =
      tracked(memory, sizeof memory, WASMSIG_MEMORY_MOVABLE, 0, 8);
  start_handled(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 1);
  wasmsig_instance_sync(registry, instance, memory, sizeof memory);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(a_guarded_word_is_read_by_the_system) {
  uint64_t memory[2] = {0};
  wasmsig_instance_remove(registry, guest.instance);
  tracked(memory, sizeof memory, WASMSIG_MEMORY_GUARDED, 0, WASMSIG_NO_WORD);
  start_handled(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(waiting(SIGUSR1), 1);
  wsig_store_release((uint32_t *)memory, 0);
  assert_int_equal(waiting(SIGUSR1), 0);
}

TEST(handled_counts_the_guests_that_declare_it) {
  struct guest one = {.handled = UINT64_C(1) << (SIGUSR1 - 1)};
  struct guest two = {.handled = UINT64_C(1) << (SIGUSR2 - 1)};
  guest_track_handling(&one, registry, WASMSIG_MEMORY_FIXED);
  guest_track_handling(&two, registry, WASMSIG_MEMORY_FIXED);
  start_handled(SIGUSR1);
  assert_int_equal(handling(SIGUSR1), 0);
  raise(SIGUSR1);
  assert_int_equal(handling(SIGUSR1), 1);
  one.handled = 0;
  raise(SIGUSR1);
  assert_int_equal(handling(SIGUSR1), 0);
}

TEST(bad_arguments_are_errors) {
  uint64_t count = 7;
  start_handled(SIGUSR1);
  for (int signal = 0; signal <= 65; signal += 65) {
    assert_int_equal(wasmsig_forward_waiting(signal, &count), WASMSIG_ESIGNAL);
    assert_int_equal(wasmsig_forward_handled(signal, &count), WASMSIG_ESIGNAL);
  }
  assert_int_equal(wasmsig_forward_waiting(SIGUSR1, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_forward_handled(SIGUSR1, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_forward_waiting(SIGUSR2, &count), WASMSIG_EFORWARD);
  assert_int_equal(wasmsig_forward_handled(SIGUSR2, &count), WASMSIG_EFORWARD);
  assert_int_equal(count, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCENE(a_signal_waits_until_each_guest_has_acknowledged_it),
      IN_SCENE(another_signal_that_waits_is_not_mistaken_for_it),
      IN_SCENE(with_a_pending_set_a_later_signal_does_not_replace_it),
      IN_SCENE(without_a_pending_set_the_newest_signal_waits),
      IN_SCENE(without_a_signal_word_the_pending_set_counts),
      IN_SCENE(for_a_movable_memory_it_waits_until_the_sync),
      IN_SCENE(a_guarded_word_is_read_by_the_system),
      IN_SCENE(handled_counts_the_guests_that_declare_it),
      IN_SCENE(bad_arguments_are_errors),
  };
  return cmocka_run_group_tests_name("forward_waiting", tests, NULL, NULL);
}
