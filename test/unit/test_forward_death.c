/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether a process dies of a forwarded signal: told by children that may. */
#include "forwarding.h"

#include <sys/mman.h>

static void die_of_an_interrupt(void) {
  wasmsig_instance_remove(registry, guest.instance);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  raise(SIGINT);
}

static void assert_died_of(int signal, void (*body)(void)) {
  int status = in_a_child(body);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), signal);
}

TEST(with_nobody_to_ask_the_process_dies_of_the_signal) {
  assert_died_of(SIGINT, die_of_an_interrupt);
}

static void die_with_a_dead_guest(void) {
  wasmsig_instance_terminate(registry, guest.instance);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  raise(SIGUSR2);
}

TEST(a_terminated_guest_is_nobody_to_ask) {
  assert_died_of(SIGUSR2, die_with_a_dead_guest);
}

static void live_with_a_guest(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) raise(SIGINT);
  CHILD_ASSERT(guest_signal(&guest) == SIGINT);
}

TEST(with_a_guest_to_ask_the_process_lives) {
  assert_child_is_well(live_with_a_guest);
}

static void get_harmless_signals(void) {
  const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
  wasmsig_instance_remove(registry, guest.instance);
  for (size_t i = 0; i < 4; i++) {
    uint64_t deliveries = 0;
    CHILD_ASSERT(wasmsig_forward_start(harmless[i], 0) == WASMSIG_OK);
    raise(harmless[i]);
    raise(harmless[i]);
    wasmsig_forward_last(harmless[i], &deliveries, NULL);
    CHILD_ASSERT(deliveries == 2);
  }
}

TEST(signals_that_are_harmless_by_default_stay_so) {
  assert_child_is_well(get_harmless_signals);
}

static int *survived; /* deliveries; in memory that children share */

static void handle_one_signal(void) {
  *survived = 0;
  set_action(SIGUSR1, handle, (int)SA_RESETHAND);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR1, 0) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGUSR1);
    CHILD_ASSERT(handled == 1);
    ++*survived;
  }
}

TEST(a_handler_for_one_signal_leaves_the_default_action) {
  assert_died_of(SIGUSR1, handle_one_signal);
  assert_int_equal(*survived, 1);
}

static void insist_twice(void) {
  *survived = 0;
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGINT);
    ++*survived;
  }
}

TEST(the_second_delivery_that_no_guest_took_is_fatal_if_one_insists) {
  assert_died_of(SIGINT, insist_twice);
  assert_int_equal(*survived, 1);
}

static void insist_and_acknowledge(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGINT);
    CHILD_ASSERT(guest_signal(&guest) == SIGINT);
    guest_acknowledge(&guest);
  }
}

TEST(a_guest_that_acknowledges_keeps_the_process_alive) {
  assert_child_is_well(insist_and_acknowledge);
}

static void insist_after_an_acknowledgement(void) {
  *survived = 0;
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 3) == WASMSIG_OK);
  for (int i = 0; i < 9; i++) {
    raise(SIGINT);
    ++*survived;
    if (i == 1) guest_acknowledge(&guest);
  }
}

TEST(an_acknowledgement_begins_the_count_anew) {
  assert_died_of(SIGINT, insist_after_an_acknowledgement);
  assert_int_equal(*survived, 4);
}

static void start_again(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  raise(SIGINT);
  CHILD_ASSERT(wasmsig_forward_stop(SIGINT) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  raise(SIGINT);
}

TEST(a_new_start_begins_the_count_anew) { assert_child_is_well(start_again); }

int main(void) {
  survived = mmap(NULL, sizeof *survived, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (survived == MAP_FAILED) return 1;
  const struct CMUnitTest tests[] = {
      IN_SCENE(with_nobody_to_ask_the_process_dies_of_the_signal),
      IN_SCENE(a_terminated_guest_is_nobody_to_ask),
      IN_SCENE(with_a_guest_to_ask_the_process_lives),
      IN_SCENE(signals_that_are_harmless_by_default_stay_so),
      IN_SCENE(a_handler_for_one_signal_leaves_the_default_action),
      IN_SCENE(the_second_delivery_that_no_guest_took_is_fatal_if_one_insists),
      IN_SCENE(a_guest_that_acknowledges_keeps_the_process_alive),
      IN_SCENE(an_acknowledgement_begins_the_count_anew),
      IN_SCENE(a_new_start_begins_the_count_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
