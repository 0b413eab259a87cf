/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether a process dies of a forwarded signal: tried in children. */
#include "forwarding.h"

#include <sched.h>
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

TEST(without_guests_the_process_dies_of_the_signal) {
  assert_died_of(SIGINT, die_of_an_interrupt);
}

static void die_with_a_dead_guest(void) {
  wasmsig_instance_terminate(registry, guest.instance);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  raise(SIGUSR2);
}

TEST(a_terminated_guest_does_not_count_as_a_guest) {
  assert_died_of(SIGUSR2, die_with_a_dead_guest);
}

static void live_with_a_guest(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGINT);
    CHILD_ASSERT(guest_signal(&guest) == SIGINT);
    guest_acknowledge(&guest);
  }
}

TEST(with_a_guest_the_process_lives) {
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

/* -------------------------------------------- what guests say they handle */

#define BIT(signal) (UINT64_C(1) << ((signal) - 1))

/* Longer than the same request may come twice. */
static void wait_out_the_grace(void) {
  const struct timespec pause = {0, 210000000};
  struct timespec left = pause;
  while (nanosleep(&left, &left) != 0) continue;
}

static wasmsig_memory_class memory_class;

/* In the place of the scene's guest, which says nothing. */
static void handle_only(uint64_t set) {
  wasmsig_instance_remove(registry, guest.instance);
  guest.handled = set;
  guest_track_handling(&guest, registry, memory_class);
}

static void terminate_without_a_handler(void) {
  handle_only(BIT(SIGINT) | BIT(SIGUSR1));
  CHILD_ASSERT(wasmsig_forward_start(SIGTERM, 0) == WASMSIG_OK);
  raise(SIGTERM);
}

static void terminate_with_a_handler(void) {
  handle_only(BIT(SIGTERM));
  CHILD_ASSERT(wasmsig_forward_start(SIGTERM, 0) == WASMSIG_OK);
  raise(SIGTERM);
  CHILD_ASSERT(guest_signal(&guest) == SIGTERM);
}

/* Of two one is enough. */
static void terminate_with_another_that_handles(void) {
  struct guest other = {.handled = BIT(SIGTERM)};
  handle_only(0);
  guest_track_handling(&other, registry, memory_class);
  CHILD_ASSERT(wasmsig_forward_start(SIGTERM, 0) == WASMSIG_OK);
  raise(SIGTERM);
  wasmsig_instance_remove(registry, other.instance);
}

TEST(a_signal_that_no_guest_handles_ends_the_process_at_once) {
  const wasmsig_memory_class classes[] = {
      WASMSIG_MEMORY_FIXED, WASMSIG_MEMORY_SHARED, WASMSIG_MEMORY_GUARDED};
  for (size_t i = 0; i < 3; i++) {
    memory_class = classes[i];
    assert_died_of(SIGTERM, terminate_without_a_handler);
    assert_child_is_well(terminate_with_a_handler);
    assert_child_is_well(terminate_with_another_that_handles);
  }
}

/* Of a memory that may move nothing is read: such a guest may handle it. */
TEST(a_guest_whose_memory_may_move_counts_as_one_that_handles_it) {
  memory_class = WASMSIG_MEMORY_MOVABLE;
  assert_int_equal(in_a_child(terminate_without_a_handler), 0);
}

static void handle_high_signals(void) {
  handle_only(BIT(40));
  CHILD_ASSERT(wasmsig_forward_start(40, 0) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_forward_start(41, 0) == WASMSIG_OK);
  raise(40);
  raise(41);
}

TEST(signals_above_32_are_in_the_set_too) {
  memory_class = WASMSIG_MEMORY_GUARDED;
  assert_died_of(41, handle_high_signals);
  memory_class = WASMSIG_MEMORY_FIXED;
  assert_died_of(41, handle_high_signals);
}

static int *survived; /* deliveries; in memory that children share */

/* It polls, which acknowledges, and does nothing about it. */
static void interrupt_one_that_only_polls(void) {
  *survived = 0;
  handle_only(0);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 3; i++) {
    raise(SIGINT);
    ++*survived;
    CHILD_ASSERT(guest_signal(&guest) == SIGINT);
    guest_acknowledge(&guest);
    wait_out_the_grace();
  }
}

TEST(a_guest_that_handles_nothing_receives_one_sigint) {
  memory_class = WASMSIG_MEMORY_FIXED;
  assert_died_of(SIGINT, interrupt_one_that_only_polls);
  assert_int_equal(*survived, 1);
}

static void interrupt_one_that_never_answers(void) {
  *survived = 0;
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 3; i++) {
    raise(SIGINT);
    ++*survived;
    wait_out_the_grace();
  }
}

static void handle_but_never_answer(void) {
  handle_only(BIT(SIGINT));
  interrupt_one_that_never_answers();
}

TEST(a_signal_that_no_guest_answers_ends_the_process_at_the_second_time) {
  assert_died_of(SIGINT, interrupt_one_that_never_answers);
  assert_int_equal(*survived, 1);
  assert_died_of(SIGINT, handle_but_never_answer);
  assert_int_equal(*survived, 1);
}

static void answer_each(void) {
  handle_only(BIT(SIGINT));
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 3; i++) {
    raise(SIGINT);
    guest_acknowledge(&guest);
    if (i == 0) wait_out_the_grace();
  }
}

TEST(a_guest_that_handles_it_and_answers_receives_it_again) {
  assert_child_is_well(answer_each);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Read in another handler of the signal, as a host would. */
TEST(a_request_that_is_delivered_twice_is_one) {
  uint64_t begin;
  set_action(SIGINT, handle, 0);
  assert_int_equal(wasmsig_forward_is_due(SIGINT), WASMSIG_EFORWARD);
  assert_int_equal(wasmsig_forward_is_due(65), WASMSIG_ESIGNAL);
  do { /* again, if the machine was too busy to send it twice at once */
    wasmsig_forward_stop(SIGINT);
    guest_acknowledge(&guest);
    start(SIGINT);
    begin = now_ns();
    raise(SIGINT);
    assert_int_equal(wasmsig_forward_is_due(SIGINT), 0);
    raise(SIGINT);
  } while (now_ns() - begin >= 200000000);
  assert_int_equal(wasmsig_forward_is_due(SIGINT), 0);
  wait_out_the_grace();
  raise(SIGINT);
  assert_int_equal(wasmsig_forward_is_due(SIGINT), 1);
}

/* ------------------------------------------------------------- the others */

/* The first process of a namespace, as in a container. */
static void be_the_first(void (*body)(void)) {
  if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
    _exit(77);
  pid_t first = fork();
  if (first == 0) {
    alarm(0);
    body();
    _exit(0);
  }
  int status = wsig_test_end_of(first);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void terminate_the_first(void) { be_the_first(die_of_an_interrupt); }

static void insist_on_the_first_body(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGTERM, 2) == WASMSIG_OK);
  raise(SIGTERM);
  raise(SIGTERM);
}
static void insist_on_the_first(void) {
  be_the_first(insist_on_the_first_body);
}

TEST(the_first_process_of_a_container_ends_with_the_signals_status) {
  int status = in_a_child(terminate_the_first);
  if (status == 77 << 8) {
    print_message("SKIPPED: this machine allows no PID namespace\n");
    skip();
  }
  assert_int_equal(status, (128 + SIGINT) << 8);
  assert_int_equal(in_a_child(insist_on_the_first), (128 + SIGTERM) << 8);
}

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

TEST(a_one_shot_handler_leaves_the_default_action) {
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

TEST(with_insist_the_second_delivery_that_no_guest_took_is_fatal) {
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

TEST(an_acknowledgement_resets_the_count) {
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

TEST(a_new_start_resets_the_count) { assert_child_is_well(start_again); }

int main(void) {
  survived = mmap(NULL, sizeof *survived, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (survived == MAP_FAILED) return 1;
  const struct CMUnitTest tests[] = {
      IN_SCENE(without_guests_the_process_dies_of_the_signal),
      IN_SCENE(a_terminated_guest_does_not_count_as_a_guest),
      IN_SCENE(with_a_guest_the_process_lives),
      IN_SCENE(signals_that_are_harmless_by_default_stay_so),
      IN_SCENE(a_signal_that_no_guest_handles_ends_the_process_at_once),
      IN_SCENE(a_guest_whose_memory_may_move_counts_as_one_that_handles_it),
      IN_SCENE(signals_above_32_are_in_the_set_too),
      IN_SCENE(a_guest_that_handles_nothing_receives_one_sigint),
      IN_SCENE(
          a_signal_that_no_guest_answers_ends_the_process_at_the_second_time),
      IN_SCENE(a_guest_that_handles_it_and_answers_receives_it_again),
      IN_SCENE(a_request_that_is_delivered_twice_is_one),
      IN_SCENE(the_first_process_of_a_container_ends_with_the_signals_status),
      IN_SCENE(a_one_shot_handler_leaves_the_default_action),
      IN_SCENE(with_insist_the_second_delivery_that_no_guest_took_is_fatal),
      IN_SCENE(a_guest_that_acknowledges_keeps_the_process_alive),
      IN_SCENE(an_acknowledgement_resets_the_count),
      IN_SCENE(a_new_start_resets_the_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
