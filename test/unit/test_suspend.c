/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections that are taken off a thread and put on again, as a scheduler of
 * coroutines does, on a clock that the test moves by hand.
 */
#include "fibers.h"
#include "hand_clock.h"

static wasmsig_suspension first, second;

static void suspend(size_t level, wasmsig_suspension *suspension, int outcome) {
  assert_int_equal(wasmsig_budget_suspend(level, suspension), outcome);
  assert_int_equal(wasmsig_budget_level(), level);
}

static void resume(wasmsig_suspension *suspension, int outcome) {
  assert_int_equal(wasmsig_budget_resume(suspension), outcome);
}

enum {
  READY = WASMSIG_LEFT_READY,
  SIGNALLED = WASMSIG_LEFT_SIGNALLED,
  KILLED = WASMSIG_LEFT_KILLED,
  OUTER_KILLED = WASMSIG_LEFT_OUTER_KILLED
};

/* ------------------------------------------------------ charges and order */

TEST(time_while_a_section_is_suspended_is_not_charged) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(3 * MS);
  suspend(0, &first, READY);
  use(100 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  resume(&first, READY);
  assert_int_equal(wasmsig_budget_level(), 1);
  use(2 * MS);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  assert_int_equal(engine.kills, 0);
}

TEST(a_limit_ahead_is_watched_after_the_resume) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use(3 * MS);
  suspend(0, &first, READY);
  resume(&first, READY);
  assert_int_equal(use(1 * MS), 1 * MS);
  use(1 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  use(5 * MS);
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(sections_of_coroutines_may_end_in_any_order) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  use(1 * MS);
  suspend(0, &first, READY);
  enter(&b);
  use(2 * MS);
  suspend(0, &second, READY);
  resume(&first, READY);
  use(4 * MS);
  assert_left(&a, READY);
  resume(&second, READY);
  use(8 * MS);
  assert_left(&b, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&b), 10 * MS);
}

TEST(only_the_sections_above_the_level_are_suspended) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  make(&c, NONE, NONE);
  enter(&a);
  enter(&b);
  enter(&c);
  suspend(1, &first, READY);
  use(1 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 1 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&b), 0);
  assert_int_equal(wasmsig_budget_leave(&b), WASMSIG_EORDER);
  resume(&first, READY);
  assert_int_equal(wasmsig_budget_leave(&b), WASMSIG_EORDER);
  use(1 * MS);
  assert_left(&c, READY);
  assert_left(&b, READY);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&b), 1 * MS);
}

TEST(a_section_may_be_resumed_at_another_depth) {
  make(&a, NONE, NONE);
  make(&b, 5 * MS, NONE);
  enter(&b);
  suspend(0, &first, READY);
  enter(&a);
  resume(&first, READY);
  assert_int_equal(wasmsig_budget_level(), 2);
  use(5 * MS);
  assert_left(&b, SIGNALLED);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
}

TEST(a_budget_entered_twice_is_entered_twice_after_the_resume) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  enter(&a);
  suspend(0, &first, READY);
  resume(&first, READY);
  assert_int_equal(wasmsig_budget_level(), 3);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_left(&b, READY);
  assert_left(&a, READY);
}

TEST(an_inner_enter_may_be_suspended_without_the_outer_one) {
  make(&a, NONE, NONE);
  enter(&a);
  enter(&a);
  suspend(1, &first, READY);
  use(1 * MS);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_EBUSY);
  resume(&first, READY); /* as the first enter now */
  use(1 * MS);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 2 * MS);
}

TEST(coroutines_may_take_turns_in_one_budget) {
  make(&a, 4 * MS, NONE);
  enter(&a);
  use(1 * MS);
  suspend(0, &first, READY);
  enter(&a);
  use(1 * MS);
  suspend(0, &second, READY);
  for (int turn = 0; turn < 2; turn++) {
    resume(&first, turn ? SIGNALLED : READY);
    use(1 * MS);
    suspend(0, &first, turn ? SIGNALLED : READY);
    resume(&second, turn ? SIGNALLED : READY);
    use(1 * MS);
    suspend(0, &second, SIGNALLED);
  }
  assert_int_equal(wasmsig_budget_used_ns(&a), 6 * MS);
  resume(&second, SIGNALLED);
  assert_left(&a, SIGNALLED);
  resume(&first, SIGNALLED);
  assert_left(&a, SIGNALLED);
}

TEST(many_sections_are_suspended_at_once) {
  enum { MANY = 100 };
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  for (int i = 0; i < MANY; i++) enter(i % 2 ? &a : &b);
  suspend(0, &first, READY);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_EBUSY);
  resume(&first, READY);
  assert_int_equal(wasmsig_budget_level(), MANY);
  for (int i = MANY - 1; i >= 0; i--) assert_left(i % 2 ? &a : &b, READY);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_OK);
}

/* ----------------------------------------------------------------- kills */

TEST(a_kill_that_has_begun_is_undone_and_comes_again) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(10 * MS);
  assert_int_equal(engine.kills, 1);
  suspend(0, &first, KILLED);
  assert_int_equal(engine.undos, 1);
  use(10 * MS);
  assert_int_equal(engine.kills, 1);
  resume(&first, KILLED);
  use(0);
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 2);
}

TEST(a_limit_passed_between_checks_kills_after_the_resume) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use_unseen(10 * MS);
  suspend(0, &first, KILLED);
  assert_int_equal(engine.kills, 0);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  resume(&first, KILLED);
  assert_state(&a, WASMSIG_BUDGET_KILLED);
  use(0);
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(a_limit_that_another_coroutine_uses_up_kills_after_the_resume) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  suspend(0, &first, READY);
  enter(&a);
  use(10 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  resume(&first, KILLED);
  use(0);
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 2);
}

TEST(a_kill_of_a_section_that_stays_is_not_undone) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  use(10 * MS);
  suspend(1, &first, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
  resume(&first, READY);
  use(10 * MS);
  assert_left(&b, READY);
  assert_int_equal(engine.kills, 1);
}

TEST(a_section_resumed_in_one_that_is_killed_reports_it) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, NONE);
  enter(&b);
  suspend(0, &first, READY);
  enter(&a);
  use(10 * MS);
  resume(&first, OUTER_KILLED);
  assert_left(&b, OUTER_KILLED);
  assert_left(&a, KILLED);
}

TEST(an_outer_suspended_kill_reaches_the_inner_section_too) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  use(10 * MS);
  suspend(0, &first, KILLED);
  assert_int_equal(engine.undos, 1);
  resume(&first, KILLED);
  use(0);
  assert_int_equal(engine.kills, 2);
  assert_left(&b, OUTER_KILLED);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 2);
}

/* --------------------------------------------------------------- signals */

TEST(a_signal_that_no_guest_took_is_withdrawn_and_raised_again_by_resume) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(5 * MS);
  suspend(0, &first, SIGNALLED);
  assert_int_equal(guest_signal(&guest), 0);
  resume(&first, SIGNALLED);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  guest_acknowledge(&guest);
  suspend(0, &first, SIGNALLED);
  resume(&first, SIGNALLED);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, SIGNALLED);
}

/* --------------------------------------------------------- what is refused */

TEST(a_suspended_budget_is_neither_reset_nor_destroyed) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  suspend(0, &first, READY);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_EBUSY);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_EBUSY);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_int_equal(wasmsig_budget_discard(&first), WASMSIG_OK);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  assert_int_equal(wasmsig_budget_level(), 0);
  resume(&first, READY); /* nothing */
  assert_int_equal(wasmsig_budget_level(), 0);
}

TEST(a_suspension_that_holds_sections_accepts_no_others) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  suspend(0, &first, READY);
  enter(&b);
  assert_int_equal(wasmsig_budget_suspend(0, &first), WASMSIG_EBUSY);
  assert_int_equal(wasmsig_budget_level(), 1);
  assert_left(&b, READY);
}

TEST(bad_arguments_change_nothing) {
  make(&a, NONE, NONE);
  enter(&a);
  assert_int_equal(wasmsig_budget_suspend(2, &first), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_suspend(0, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_resume(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_discard(NULL), WASMSIG_EINVAL);
  suspend(1, &first, READY);
  assert_left(&a, READY);
}

/* ---------------------------------------------------------- other threads */

static int resume_use_leave(wasmsig_budget *budget) {
  int outcome = wasmsig_budget_resume(&first);
  if (outcome < 0) return outcome;
  use(3 * MS);
  return wasmsig_budget_leave(budget);
}

TEST(a_section_continues_in_another_thread) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(2 * MS);
  suspend(0, &first, READY);
  assert_int_equal(in_another_thread(resume_use_leave, &a), SIGNALLED);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_OK);
}

static int enter_and_suspend(wasmsig_budget *budget) {
  enter(budget);
  use(2 * MS);
  return wasmsig_budget_suspend(0, &first);
}

TEST(a_section_outlives_the_thread_that_began_it) {
  make(&a, NONE, 5 * MS);
  assert_int_equal(in_another_thread(enter_and_suspend, &a), READY);
  resume(&first, READY);
  use(3 * MS);
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(all_sections_are_resumed_or_none) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  make(&c, NONE, NONE);
  enter(&a);
  enter(&b);
  enter(&c);
  suspend(0, &first, READY);
  enter(&b); /* which stays here */
  assert_int_equal(in_another_thread(resume_use_leave, &c), WASMSIG_EBUSY);
  assert_left(&b, READY);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_EBUSY);
  resume(&first, READY);
  assert_left(&c, READY);
  assert_left(&b, READY);
  assert_left(&a, READY);
}

static void resume_in_the_child(void) {
  CHILD_ASSERT(wasmsig_budget_resume(&first) == READY);
  CHILD_ASSERT(wasmsig_budget_level() == 1);
  CHILD_ASSERT(wasmsig_budget_leave(&a) == READY);
  CHILD_ASSERT(wasmsig_budget_destroy(&a) == WASMSIG_OK);
}

TEST(a_child_has_the_suspended_sections_too) {
  make(&a, NONE, NONE);
  enter(&a);
  suspend(0, &first, READY);
  assert_child_is_well(resume_in_the_child);
  resume(&first, READY);
  assert_left(&a, READY);
}

/* ------------------------------------------------------------- coroutines */

/* Two with stacks of their own, as fibers of one thread have: each enters, is
 * switched away from inside its section, and leaves in its second turn. */
static wasmsig_suspension of_fiber[2];
static uint64_t guests_used[2];

static void live(int which) {
  wasmsig_budget *budget = which ? &b : &a;
  enter(budget);
  for (int turn = 0; turn < 3; turn++) {
    use((uint64_t)(1 + which) * MS);
    fiber_yield(which);
  }
  assert_left(budget, SIGNALLED);
  guests_used[which] = wasmsig_budget_used_ns(budget);
}

static void switch_to(int which) {
  size_t level = wasmsig_budget_level();
  assert_true(wasmsig_budget_resume(&of_fiber[which]) >= 0);
  fiber_run(which);
  assert_true(wasmsig_budget_suspend(level, &of_fiber[which]) >= 0);
  assert_int_equal(wasmsig_budget_level(), level);
}

TEST(fibers_of_one_thread_have_their_own_limits) {
  make(&a, 3 * MS, NONE);
  make(&b, 6 * MS, NONE);
  memset(of_fiber, 0, sizeof of_fiber);
  for (int i = 0; i < FIBERS; i++) fiber_make(i, live);
  for (int turn = 0; turn < 4; turn++) {
    switch_to(0);
    switch_to(1);
  }
  assert_int_equal(guests_used[0], 3 * MS);
  assert_int_equal(guests_used[1], 6 * MS);
}

static int set_stage(void **state) {
  wasmsig_budget_discard(&first);
  wasmsig_budget_discard(&second);
  return set_scene(state);
}

#define ON_STAGE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_stage, strike_scene)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_STAGE(time_while_a_section_is_suspended_is_not_charged),
      ON_STAGE(a_limit_ahead_is_watched_after_the_resume),
      ON_STAGE(sections_of_coroutines_may_end_in_any_order),
      ON_STAGE(only_the_sections_above_the_level_are_suspended),
      ON_STAGE(a_section_may_be_resumed_at_another_depth),
      ON_STAGE(a_budget_entered_twice_is_entered_twice_after_the_resume),
      ON_STAGE(an_inner_enter_may_be_suspended_without_the_outer_one),
      ON_STAGE(coroutines_may_take_turns_in_one_budget),
      ON_STAGE(many_sections_are_suspended_at_once),
      ON_STAGE(a_kill_that_has_begun_is_undone_and_comes_again),
      ON_STAGE(a_limit_passed_between_checks_kills_after_the_resume),
      ON_STAGE(a_limit_that_another_coroutine_uses_up_kills_after_the_resume),
      ON_STAGE(a_kill_of_a_section_that_stays_is_not_undone),
      ON_STAGE(a_section_resumed_in_one_that_is_killed_reports_it),
      ON_STAGE(an_outer_suspended_kill_reaches_the_inner_section_too),
      ON_STAGE(
          a_signal_that_no_guest_took_is_withdrawn_and_raised_again_by_resume),
      ON_STAGE(a_suspended_budget_is_neither_reset_nor_destroyed),
      ON_STAGE(a_suspension_that_holds_sections_accepts_no_others),
      ON_STAGE(bad_arguments_change_nothing),
      ON_STAGE(a_section_continues_in_another_thread),
      ON_STAGE(a_section_outlives_the_thread_that_began_it),
      ON_STAGE(all_sections_are_resumed_or_none),
      ON_STAGE(a_child_has_the_suspended_sections_too),
      ON_STAGE(fibers_of_one_thread_have_their_own_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
