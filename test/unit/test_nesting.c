/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sections inside sections, on a clock that the test moves by hand. */
#include "hand_clock.h"

/* A budget whose kill is for an engine of its own. */
static void make_for_other_engine(wasmsig_budget *budget, uint64_t hard_ns) {
  wasmsig_budget_options options = limits(NONE, hard_ns);
  options.context = &other_engine;
  make_with(budget, options);
}

/* --------------------------------------------------- charges and signals */

TEST(an_inner_section_is_charged_to_the_outer_budget) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  use(1 * MS);
  enter(&b);
  use(2 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&b), 2 * MS);
  assert_left(&b, READY);
  use(4 * MS);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 7 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&b), 2 * MS);
}

TEST(an_outer_soft_limit_is_signalled_while_an_inner_section_runs) {
  make(&a, 5 * MS, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&b, READY);
  assert_left(&a, SIGNALLED);
}

TEST(the_nearest_limit_of_all_sections_decides_the_next_check) {
  make(&a, 9 * MS, NONE);
  make(&b, 5 * MS, NONE);
  make(&c, 7 * MS, NONE);
  enter(&a);
  enter(&b);
  enter(&c);
  assert_int_equal(use(1 * MS), 4 * MS);
  assert_left(&c, READY);
  assert_left(&b, READY);
  assert_int_equal(use(1 * MS), 7 * MS);
  assert_left(&a, READY);
}

/* ----------------------------------------------------------------- kills */

TEST(when_the_inner_is_killed_the_outer_continues) {
  make(&a, NONE, 100 * MS);
  make(&b, NONE, 10 * MS);
  enter(&a);
  enter(&b);
  use(10 * MS);
  assert_left(&b, KILLED);
  assert_int_equal(engine.kills, 1);
  assert_int_equal(engine.undos, 1);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  use(10 * MS);
  assert_left(&a, READY);
  assert_int_equal(engine.kills, 1);
}

TEST(when_the_outer_is_killed_only_its_own_leave_undoes_it) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, 100 * MS);
  enter(&a);
  enter(&b);
  use(10 * MS);
  assert_int_equal(engine.kills, 1);
  assert_left(&b, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_state(&b, WASMSIG_BUDGET_READY);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(when_both_are_killed_one_undo_at_the_outer_leave_is_enough) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, 10 * MS);
  enter(&a);
  enter(&b);
  use(10 * MS);
  assert_left(&b, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_state(&b, WASMSIG_BUDGET_KILLED);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(an_outer_kill_that_overtakes_an_inner_one_is_undone_by_the_outer) {
  make(&a, NONE, 15 * MS);
  make(&b, NONE, 10 * MS);
  enter(&a);
  enter(&b);
  use(10 * MS); /* the inner is killed, and unwinds slowly */
  use(5 * MS);
  assert_left(&b, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(kills_of_two_engines_are_undone_each_by_its_own_section) {
  make(&a, NONE, 10 * MS);
  make_for_other_engine(&b, 10 * MS);
  enter(&a);
  enter(&b);
  use(10 * MS);
  assert_int_equal(other_engine.kills, 1);
  assert_left(&b, OUTER_KILLED);
  assert_int_equal(other_engine.undos, 1);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(a_kill_two_sections_further_out_keeps_unwinding) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, NONE);
  make(&c, NONE, 10 * MS);
  enter(&a);
  enter(&b);
  enter(&c);
  use(10 * MS);
  assert_left(&c, OUTER_KILLED);
  assert_left(&b, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(a_section_begun_while_the_outer_is_killed_unwinds_too) {
  make(&a, NONE, 10 * MS);
  make(&b, NONE, NONE);
  enter(&a);
  use(10 * MS);
  enter(&b);
  assert_left(&b, OUTER_KILLED);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

/* -------------------------------------------------------------- re-entry */

TEST(entering_a_budget_again_only_nests) {
  make(&a, NONE, NONE);
  enter(&a);
  use(1 * MS);
  enter(&a);
  use(1 * MS);
  assert_left(&a, READY);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  use(1 * MS);
  assert_left(&a, READY);
  assert_state(&a, WASMSIG_BUDGET_READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
}

TEST(a_nested_leave_reports_that_the_budget_was_signalled) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  enter(&a);
  use(5 * MS);
  assert_left(&a, SIGNALLED);
  assert_left(&a, SIGNALLED);
}

TEST(a_nested_leave_of_a_killed_budget_keeps_unwinding) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  enter(&a);
  use(10 * MS);
  assert_left(&a, OUTER_KILLED);
  assert_int_equal(engine.undos, 0);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

TEST(a_killed_budget_cannot_be_entered_again_from_inside) {
  make(&a, NONE, 10 * MS);
  enter(&a);
  use(10 * MS);
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  assert_left(&a, KILLED); /* once: the refused enter did not nest */
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
}

TEST(an_outer_budget_may_be_entered_again_inside_an_inner_one) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  use(1 * MS);
  enter(&a);
  use(1 * MS);
  assert_left(&a, READY);
  use(1 * MS);
  assert_left(&b, READY);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 3 * MS);
  assert_int_equal(wasmsig_budget_used_ns(&b), 3 * MS);
}

TEST(a_re_entered_section_unwinds_when_the_one_around_it_is_killed) {
  make(&a, NONE, NONE);
  make(&b, NONE, 10 * MS);
  enter(&a);
  enter(&b);
  enter(&a);
  use(10 * MS);
  assert_left(&a, OUTER_KILLED);
  assert_left(&b, KILLED);
  assert_left(&a, READY);
}

/* ----------------------------------------------------------------- order */

TEST(a_budget_that_is_not_entered_cannot_be_left) {
  make(&a, NONE, NONE);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  make(&b, NONE, NONE);
  enter(&b);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_left(&b, READY);
}

TEST(an_outer_section_cannot_be_left_before_the_inner) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  use(1 * MS);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  use(1 * MS);
  assert_left(&b, READY);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 2 * MS);
}

TEST(an_inner_section_cannot_be_left_before_a_re_entered_outer_one) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&b);
  enter(&a);
  assert_int_equal(wasmsig_budget_leave(&b), WASMSIG_EORDER);
  assert_state(&b, WASMSIG_BUDGET_RUNNING);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_left(&b, READY);
  assert_left(&a, READY);
}

TEST(an_outer_section_nested_before_the_inner_one_waits_for_it) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  enter(&a);
  enter(&b);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_left(&b, READY);
  assert_left(&a, READY);
  assert_left(&a, READY);
}

TEST(a_section_in_the_middle_waits_for_what_is_entered_inside_it) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  make(&c, NONE, NONE);
  enter(&a);
  enter(&b);
  enter(&c);
  enter(&a);
  assert_int_equal(wasmsig_budget_leave(&b), WASMSIG_EORDER);
  assert_left(&a, READY);
  assert_left(&c, READY);
  assert_left(&b, READY);
  assert_left(&a, READY);
}

/* --------------------------------------------------------- other threads */

TEST(a_budget_in_use_is_busy_for_another_thread) {
  make(&a, NONE, NONE);
  enter(&a);
  use(1 * MS);
  assert_int_equal(in_another_thread(wasmsig_budget_enter, &a), WASMSIG_EBUSY);
  assert_int_equal(in_another_thread(wasmsig_budget_leave, &a), WASMSIG_EORDER);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  assert_int_equal(wasmsig_budget_used_ns(&a), 1 * MS);
}

/* Inside a section of the thread's own, and after it: the same error. */
static int leave_from_elsewhere(wasmsig_budget *budget) {
  wasmsig_budget_enter(&b);
  int inside = wasmsig_budget_leave(budget);
  wasmsig_budget_leave(&b);
  int after = wasmsig_budget_leave(budget);
  return inside == after ? inside : WASMSIG_OK;
}

TEST(a_budget_is_left_by_the_thread_that_is_in_it) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  assert_int_equal(in_another_thread(leave_from_elsewhere, &a), WASMSIG_EORDER);
  assert_state(&a, WASMSIG_BUDGET_RUNNING);
  assert_left(&a, READY);
}

static int enter_use_leave(wasmsig_budget *budget) {
  int error = wasmsig_budget_enter(budget);
  if (error) return error;
  use(2 * MS);
  return wasmsig_budget_leave(budget);
}

TEST(a_budget_that_was_left_may_be_entered_by_another_thread) {
  make(&a, 3 * MS, NONE);
  assert_int_equal(enter_use_leave(&a), WASMSIG_LEFT_READY);
  assert_int_equal(in_another_thread(enter_use_leave, &a),
                   WASMSIG_LEFT_SIGNALLED);
  assert_int_equal(wasmsig_budget_used_ns(&a), 4 * MS);
}

TEST(sections_of_another_thread_do_not_enclose_ours) {
  make(&a, NONE, NONE);
  make(&b, NONE, NONE);
  enter(&a);
  assert_int_equal(in_another_thread(enter_use_leave, &b), WASMSIG_LEFT_READY);
  assert_left(&a, READY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCENE(an_inner_section_is_charged_to_the_outer_budget),
      IN_SCENE(an_outer_soft_limit_is_signalled_while_an_inner_section_runs),
      IN_SCENE(the_nearest_limit_of_all_sections_decides_the_next_check),
      IN_SCENE(when_the_inner_is_killed_the_outer_continues),
      IN_SCENE(when_the_outer_is_killed_only_its_own_leave_undoes_it),
      IN_SCENE(when_both_are_killed_one_undo_at_the_outer_leave_is_enough),
      IN_SCENE(
          an_outer_kill_that_overtakes_an_inner_one_is_undone_by_the_outer),
      IN_SCENE(kills_of_two_engines_are_undone_each_by_its_own_section),
      IN_SCENE(a_kill_two_sections_further_out_keeps_unwinding),
      IN_SCENE(a_section_begun_while_the_outer_is_killed_unwinds_too),
      IN_SCENE(entering_a_budget_again_only_nests),
      IN_SCENE(a_nested_leave_reports_that_the_budget_was_signalled),
      IN_SCENE(a_nested_leave_of_a_killed_budget_keeps_unwinding),
      IN_SCENE(a_killed_budget_cannot_be_entered_again_from_inside),
      IN_SCENE(an_outer_budget_may_be_entered_again_inside_an_inner_one),
      IN_SCENE(a_re_entered_section_unwinds_when_the_one_around_it_is_killed),
      IN_SCENE(a_budget_that_is_not_entered_cannot_be_left),
      IN_SCENE(an_outer_section_cannot_be_left_before_the_inner),
      IN_SCENE(an_inner_section_cannot_be_left_before_a_re_entered_outer_one),
      IN_SCENE(an_outer_section_nested_before_the_inner_one_waits_for_it),
      IN_SCENE(a_section_in_the_middle_waits_for_what_is_entered_inside_it),
      IN_SCENE(a_budget_in_use_is_busy_for_another_thread),
      IN_SCENE(a_budget_is_left_by_the_thread_that_is_in_it),
      IN_SCENE(a_budget_that_was_left_may_be_entered_by_another_thread),
      IN_SCENE(sections_of_another_thread_do_not_enclose_ours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
