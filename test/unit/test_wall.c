/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wall limits and kills by a call, on a clock that the test moves by hand. */
#include "hand_clock.h"

static wasmsig_budget_options wall(uint64_t wall_ns) {
  wasmsig_budget_options options = limits(NONE, NONE);
  options.measure = false;
  options.wall_ns = wall_ns;
  return options;
}

/* Time passes in which the thread sleeps; then the watchdog checks. */
static uint64_t pass(uint64_t ns) {
  hand_wall_ns += ns;
  return wsig_watchdog_check_all();
}

static void assert_limit(const wasmsig_budget *budget, wasmsig_limit limit) {
  assert_int_equal(wasmsig_budget_get_limit(budget), limit);
}

static int set_wall_scene(void **state) {
  hand_wall_ns += MS; /* 0 is no time of a monotonic clock */
  return set_scene(state);
}

/* ------------------------------------------------------------- wall limit */

TEST(a_section_that_sleeps_is_killed_at_its_wall_limit_and_never_before) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  pass(10 * MS - 1);
  assert_int_equal(engine.kills, 0);
  pass(1);
  assert_int_equal(engine.kills, 1);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  assert_limit(&a, WASMSIG_LIMIT_WALL);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
}

TEST(the_watchdog_sleeps_until_the_wall_limit) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  assert_int_equal(pass(3 * MS), 7 * MS);
  assert_left(&a, READY);
}

TEST(the_nearer_of_cpu_and_wall_limit_ends_the_section) {
  wasmsig_budget_options options = wall(10 * MS);
  options.hard_ns = 5 * MS;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(engine.kills, 1);
  assert_limit(&a, WASMSIG_LIMIT_HARD);
  assert_left(&a, KILLED);
  assert_limit(&a, WASMSIG_LIMIT_HARD);
}

TEST(a_wall_limit_raises_no_signal) {
  wasmsig_budget_options options = wall(10 * MS);
  options.soft_ns = 20 * MS;
  make_with(&a, options);
  enter(&a);
  pass(10 * MS);
  assert_int_equal(engine.kills, 1);
  assert_int_equal(engine.signal_at_kill, 0);
  assert_left(&a, KILLED);
}

TEST(a_section_that_sleeps_on_is_killed_again) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  pass(10 * MS);
  pass(20 * MS - 1);
  assert_int_equal(engine.kills, 1);
  pass(1);
  assert_int_equal(engine.kills, 2);
  use(1 * MS); /* by CPU time too */
  assert_int_equal(engine.kills, 3);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
  assert_int_equal(check_in_a_second(), WSIG_NEVER);
}

TEST(a_wall_limit_ends_a_section_that_sleeps_after_its_hard_limit) {
  wasmsig_budget_options options = wall(30 * MS);
  options.hard_ns = 5 * MS;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(engine.kills, 1);
  pass(24 * MS);
  assert_int_equal(engine.kills, 1);
  pass(1 * MS);
  assert_int_equal(engine.kills, 2);
  assert_limit(&a, WASMSIG_LIMIT_HARD);
  assert_left(&a, KILLED);
}

TEST(the_wall_limit_counts_from_the_first_enter_and_between_sections) {
  make_with(&a, wall(10 * MS));
  pass(100 * MS);
  enter(&a);
  pass(4 * MS);
  assert_left(&a, READY);
  pass(4 * MS);
  enter(&a);
  assert_int_equal(pass(1 * MS), 1 * MS);
  assert_left(&a, READY);
  pass(1 * MS);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  assert_limit(&a, WASMSIG_LIMIT_WALL);
  assert_int_equal(engine.kills, 0);
}

TEST(a_wall_limit_that_no_check_has_seen_is_found_by_leave) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  hand_wall_ns += 10 * MS;
  assert_left(&a, KILLED);
  assert_limit(&a, WASMSIG_LIMIT_WALL);
  assert_int_equal(engine.kills, 0);
}

TEST(nested_sections_of_a_budget_have_one_wall_limit) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  pass(6 * MS);
  enter(&a);
  pass(4 * MS);
  assert_int_equal(engine.kills, 1);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_LEFT_OUTER_KILLED);
  assert_left(&a, KILLED);
}

TEST(the_wall_limit_of_an_outer_section_ends_it_and_not_the_inner_budget) {
  make_with(&a, wall(10 * MS));
  make_with(&b, wall(50 * MS));
  enter(&a);
  enter(&b);
  pass(10 * MS);
  assert_int_equal(engine.kills, 1);
  assert_left(&b, OUTER_KILLED);
  assert_limit(&b, WASMSIG_LIMIT_NONE);
  assert_left(&a, KILLED);
}

TEST(a_suspended_section_is_killed_when_it_is_resumed) {
  wasmsig_suspension suspension = WASMSIG_SUSPENSION_INIT;
  make_with(&a, wall(10 * MS));
  enter(&a);
  assert_int_equal(wasmsig_budget_suspend(0, &suspension), WASMSIG_LEFT_READY);
  pass(10 * MS);
  assert_int_equal(engine.kills, 0);
  assert_int_equal(wasmsig_budget_resume(&suspension), WASMSIG_LEFT_KILLED);
  wsig_watchdog_check_all();
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(a_reset_starts_the_wall_limit_anew) {
  make_with(&a, wall(10 * MS));
  enter(&a);
  pass(10 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  assert_limit(&a, WASMSIG_LIMIT_NONE);
  enter(&a);
  pass(9 * MS);
  assert_left(&a, READY);
  wasmsig_budget_options options = wall(2 * MS);
  assert_int_equal(wasmsig_budget_reset(&a, &options), WASMSIG_OK);
  enter(&a);
  pass(2 * MS);
  assert_limit(&a, WASMSIG_LIMIT_WALL);
  assert_left(&a, KILLED);
}

TEST(a_wall_limit_needs_a_kill_and_is_not_zero) {
  wasmsig_budget_options options = wall(0);
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_ELIMITS);
  options = wall(UINT64_MAX - 1);
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_ELIMITS);
  options = wall(MS);
  options.kill = NULL;
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_ENOKILL);
}

static void count_raise(void *context) { ((struct engine *)context)->undos++; }

TEST(options_of_a_version_without_a_wall_limit_have_none) {
  wasmsig_budget_options options = wall(1);
  options.soft_ns = 5 * MS;
  options.raise = count_raise;
  options.size = offsetof(wasmsig_budget_options, wall_ns);
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(engine.kills, 0);
  assert_int_equal(engine.undos, 1); /* that version had `raise` */
  assert_left(&a, SIGNALLED);
}

/* ----------------------------------------------------------- kill by a call */

TEST(a_kill_by_a_call_ends_the_running_section_and_later_ones) {
  make(&a, NONE, NONE);
  enter(&a);
  assert_int_equal(wasmsig_budget_kill(&a), WASMSIG_OK);
  wsig_watchdog_turn();
  assert_int_equal(engine.kills, 1);
  assert_limit(&a, WASMSIG_LIMIT_KILL);
  pass(20 * MS); /* it sleeps on */
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  enter(&a);
  assert_left(&a, READY);
}

TEST(a_budget_that_was_killed_before_its_enter_is_not_entered) {
  make(&a, NONE, NONE);
  assert_int_equal(wasmsig_budget_kill(&a), WASMSIG_OK);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  assert_limit(&a, WASMSIG_LIMIT_KILL);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
}

TEST(a_kill_of_a_spent_budget_changes_nothing) {
  make(&a, NONE, 5 * MS);
  enter(&a);
  use(5 * MS);
  assert_int_equal(wasmsig_budget_kill(&a), WASMSIG_OK);
  assert_limit(&a, WASMSIG_LIMIT_HARD);
  assert_left(&a, KILLED);
}

TEST(a_budget_without_a_kill_function_cannot_be_killed) {
  wasmsig_budget_options options = limits(NONE, NONE);
  options.kill = NULL;
  make_with(&a, options);
  assert_int_equal(wasmsig_budget_kill(&a), WASMSIG_ENOKILL);
  assert_int_equal(wasmsig_budget_kill(NULL), WASMSIG_EINVAL);
}

TEST(a_suspended_section_that_was_killed_ends_when_it_is_resumed) {
  wasmsig_suspension suspension = WASMSIG_SUSPENSION_INIT;
  make(&a, NONE, NONE);
  enter(&a);
  assert_int_equal(wasmsig_budget_suspend(0, &suspension), WASMSIG_LEFT_READY);
  assert_int_equal(wasmsig_budget_kill(&a), WASMSIG_OK);
  assert_int_equal(wasmsig_budget_resume(&suspension), WASMSIG_LEFT_KILLED);
  wsig_watchdog_check_all();
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

#define IN_WALL_SCENE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_wall_scene, strike_scene)
int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WALL_SCENE(
          a_section_that_sleeps_is_killed_at_its_wall_limit_and_never_before),
      IN_WALL_SCENE(the_watchdog_sleeps_until_the_wall_limit),
      IN_WALL_SCENE(the_nearer_of_cpu_and_wall_limit_ends_the_section),
      IN_WALL_SCENE(a_wall_limit_raises_no_signal),
      IN_WALL_SCENE(a_section_that_sleeps_on_is_killed_again),
      IN_WALL_SCENE(
          a_wall_limit_ends_a_section_that_sleeps_after_its_hard_limit),
      IN_WALL_SCENE(
          the_wall_limit_counts_from_the_first_enter_and_between_sections),
      IN_WALL_SCENE(a_wall_limit_that_no_check_has_seen_is_found_by_leave),
      IN_WALL_SCENE(nested_sections_of_a_budget_have_one_wall_limit),
      IN_WALL_SCENE(
          the_wall_limit_of_an_outer_section_ends_it_and_not_the_inner_budget),
      IN_WALL_SCENE(a_suspended_section_is_killed_when_it_is_resumed),
      IN_WALL_SCENE(a_reset_starts_the_wall_limit_anew),
      IN_WALL_SCENE(a_wall_limit_needs_a_kill_and_is_not_zero),
      IN_WALL_SCENE(options_of_a_version_without_a_wall_limit_have_none),
      IN_WALL_SCENE(a_kill_by_a_call_ends_the_running_section_and_later_ones),
      IN_WALL_SCENE(a_budget_that_was_killed_before_its_enter_is_not_entered),
      IN_WALL_SCENE(a_kill_of_a_spent_budget_changes_nothing),
      IN_WALL_SCENE(a_budget_without_a_kill_function_cannot_be_killed),
      IN_WALL_SCENE(
          a_suspended_section_that_was_killed_ends_when_it_is_resumed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
