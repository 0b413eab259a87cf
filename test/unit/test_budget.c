/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One budget at its limits, on a clock that the test moves by hand. */
#include "hand_clock.h"

/* ------------------------------------------------------------ soft limit */

TEST(the_soft_signal_comes_at_its_limit_and_not_a_nanosecond_earlier) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(5 * MS - 1);
  assert_int_equal(guest_signal(&guest), 0);
  use(1);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(guest.pending, UINT64_C(1) << (WASMSIG_SIGXCPU - 1));
  assert_left(&a, SIGNALLED);
}

TEST(a_section_within_its_limits_raises_nothing) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use(4 * MS);
  assert_left(&a, READY);
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(engine.kills, 0);
}

TEST(the_soft_signal_is_raised_once) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(6 * MS);
  guest_acknowledge(&guest);
  use(6 * MS);
  assert_left(&a, SIGNALLED);
  enter(&a);
  use(6 * MS);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, SIGNALLED);
}

TEST(sections_add_up) {
  make(&a, 5 * MS, NONE);
  for (int section = 0; section < 4; section++) {
    enter(&a);
    use(1 * MS);
    assert_left(&a, READY);
    use(100 * MS); /* outside: not charged */
  }
  enter(&a);
  use(1 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
}

TEST(a_soft_limit_passed_between_checks_is_signalled_by_the_next_enter) {
  make(&a, 5 * MS, 50 * MS);
  enter(&a);
  use_unseen(6 * MS);
  wasmsig_budget_leave(&a);
  assert_int_equal(guest_signal(&guest), 0);
  enter(&a);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  assert_left(&a, SIGNALLED);
}

TEST(the_signal_is_the_requested_one) {
  wasmsig_budget_options options = limits(5 * MS, NONE);
  options.signal = 10;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), 10);
  assert_left(&a, SIGNALLED);
}

TEST(time_in_which_the_thread_does_not_run_is_not_charged) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  hand_wall_ns += 1000 * MS;
  wsig_watchdog_check_all();
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
  assert_left(&a, READY);
}

TEST(a_section_that_began_a_little_ahead_of_its_clock_passes_no_limit) {
  make(&a, 5 * MS, 10 * MS);
  hand_cpu_ns += 1 * MS;
  enter(&a);
  hand_cpu_ns -= 1000;
  wsig_watchdog_check_all();
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(engine.kills, 0);
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
}

/* ------------------------------------------------------------ hard limit */

TEST(the_kill_comes_at_its_limit_and_not_a_nanosecond_earlier) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(10 * MS - 1);
  assert_int_equal(engine.kills, 0);
  use(1);
  assert_int_equal(engine.kills, 1);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(the_soft_signal_comes_before_the_kill) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use(11 * MS); /* one check, late for both */
  assert_int_equal(engine.kills, 1);
  assert_int_equal(engine.signal_at_kill, WASMSIG_SIGXCPU);
  assert_left(&a, KILLED);
}

TEST(equal_limits_signal_and_kill) {
  make(&a, 5 * MS, 5 * MS);
  enter(&a);
  use(5 * MS);
  assert_int_equal(engine.signal_at_kill, WASMSIG_SIGXCPU);
  assert_left(&a, KILLED);
}

TEST(a_kill_without_a_soft_limit_raises_no_signal) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(11 * MS);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, KILLED);
}

TEST(a_section_that_continues_after_a_kill_is_killed_again) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(11 * MS);
  assert_int_equal(engine.kills, 1);
  use(MS - 1);
  assert_int_equal(engine.kills, 1);
  use(1);
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
  assert_int_equal(check_in_a_second(), WSIG_NEVER);
}

TEST(a_hard_limit_passed_between_checks_is_found_by_leave_without_a_kill) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use_unseen(11 * MS);
  assert_left(&a, KILLED);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  assert_int_equal(engine.kills, 0);
  assert_int_equal(engine.undos, 0);
}

TEST(a_spent_budget_cannot_be_entered) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(11 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  assert_int_equal(wasmsig_budget_used_ns(&a), 11 * MS);
}

TEST(a_kill_needs_no_undo) {
  wasmsig_budget_options options = limits(NONE, 10 * MS);
  options.undo = NULL;
  make_with(&a, options);
  enter(&a);
  use(10 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(engine.kills, 1);
}

/* ------------------------------------------------------- whom it concerns */

TEST(without_a_list_every_instance_of_the_registry_is_signalled) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(guest_signal(&bystander), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
}

TEST(only_the_named_instances_are_signalled) {
  wasmsig_budget_options options = limits(5 * MS, NONE);
  options.instances = &guest.instance;
  options.count = 1;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(guest_signal(&bystander), 0);
  assert_left(&a, SIGNALLED);
}

TEST(a_kill_does_not_write_the_terminated_words) {
  wasmsig_budget_options options = limits(NONE, 10 * MS);
  options.instances = &guest.instance;
  options.count = 1;
  make_with(&a, options);
  enter(&a);
  use(10 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(guest.terminated, 0);
  assert_int_equal(bystander.terminated, 0);
}

TEST(an_empty_list_signals_no_instance) {
  wasmsig_budget_options options = limits(5 * MS, NONE);
  options.instances = &guest.instance;
  options.count = 0;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, SIGNALLED);
}

TEST(a_budget_without_a_registry_signals_no_instance_and_still_ends) {
  wasmsig_budget_options options = limits(5 * MS, 10 * MS);
  options.registry = NULL;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  assert_int_equal(guest_signal(&guest), 0);
  use(5 * MS);
  assert_left(&a, KILLED);
}

/* -------------------------------------------------------------- questions */

TEST(a_budget_is_ready_then_running_then_signalled_then_killed) {
  make(&a, 5 * MS, 10 * MS);
  assert_state(&a, WASMSIG_BUDGET_READY);
  enter(&a);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  assert_left(&a, READY);
  assert_state(&a, WASMSIG_BUDGET_READY);
  enter(&a);
  use(5 * MS);
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  assert_left(&a, SIGNALLED);
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  enter(&a);
  use(5 * MS);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  assert_left(&a, KILLED);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
}

TEST(used_counts_ended_sections_and_the_running_one) {
  make(&a, NONE, NONE);
  enter(&a);
  use(3 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  assert_left(&a, READY);
  use(100 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  enter(&a);
  use(2 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  assert_left(&a, READY);
}

/* In a thread that has a section of its own. */
static int used_in_ms(wasmsig_budget *budget) {
  wasmsig_budget_enter(&b);
  uint64_t used_ns = wasmsig_budget_used_ns(budget);
  wasmsig_budget_leave(&b);
  return (int)(used_ns / MS);
}

TEST(another_thread_reads_what_the_ended_sections_used) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  use(3 * MS);
  assert_left(&a, READY);
  enter(&a);
  use(2 * MS);
  assert_int_equal(in_another_thread(used_in_ms, &a), 3);
  assert_left(&a, READY);
  assert_int_equal(in_another_thread(used_in_ms, &a), 5);
}

TEST(a_check_answers_how_far_away_the_nearest_limit_is) {
  make(&a, 5 * MS, 20 * MS);
  enter(&a);
  assert_int_equal(use(2 * MS), 3 * MS);
  assert_int_equal(use(4 * MS), 14 * MS);
  assert_int_equal(use(14 * MS), 1 * MS); /* until the kill is repeated */
  assert_left(&a, KILLED);
  assert_int_equal(check_in_a_second(), WSIG_NEVER);
}

TEST(the_statistics_count_soft_limits_and_kills) {
  wasmsig_statistics before, after;
  wasmsig_get_statistics(&before);
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use(10 * MS);
  assert_left(&a, KILLED);
  wasmsig_get_statistics(&after);
  assert_int_equal(after.soft - before.soft, 1);
  assert_int_equal(after.kills - before.kills, 1);
  assert_int_equal(after.raises - before.raises, 2); /* instances */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCENE(the_soft_signal_comes_at_its_limit_and_not_a_nanosecond_earlier),
      IN_SCENE(a_section_within_its_limits_raises_nothing),
      IN_SCENE(the_soft_signal_is_raised_once),
      IN_SCENE(sections_add_up),
      IN_SCENE(
          a_soft_limit_passed_between_checks_is_signalled_by_the_next_enter),
      IN_SCENE(the_signal_is_the_requested_one),
      IN_SCENE(time_in_which_the_thread_does_not_run_is_not_charged),
      IN_SCENE(
          a_section_that_began_a_little_ahead_of_its_clock_passes_no_limit),
      IN_SCENE(the_kill_comes_at_its_limit_and_not_a_nanosecond_earlier),
      IN_SCENE(the_soft_signal_comes_before_the_kill),
      IN_SCENE(equal_limits_signal_and_kill),
      IN_SCENE(a_kill_without_a_soft_limit_raises_no_signal),
      IN_SCENE(a_section_that_continues_after_a_kill_is_killed_again),
      IN_SCENE(
          a_hard_limit_passed_between_checks_is_found_by_leave_without_a_kill),
      IN_SCENE(a_spent_budget_cannot_be_entered),
      IN_SCENE(a_kill_needs_no_undo),
      IN_SCENE(without_a_list_every_instance_of_the_registry_is_signalled),
      IN_SCENE(only_the_named_instances_are_signalled),
      IN_SCENE(a_kill_does_not_write_the_terminated_words),
      IN_SCENE(an_empty_list_signals_no_instance),
      IN_SCENE(a_budget_without_a_registry_signals_no_instance_and_still_ends),
      IN_SCENE(a_budget_is_ready_then_running_then_signalled_then_killed),
      IN_SCENE(used_counts_ended_sections_and_the_running_one),
      IN_SCENE(another_thread_reads_what_the_ended_sections_used),
      IN_SCENE(a_check_answers_how_far_away_the_nearest_limit_is),
      IN_SCENE(the_statistics_count_soft_limits_and_kills),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
