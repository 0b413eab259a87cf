/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * When a thread's timer is set, and when the watchdog checks; with a clock and
 * a timer that the test moves by hand.
 */
#include "hand_timer.h"

#define US UINT64_C(1000)

/* How often the timer was set since the last call. */
static unsigned settings(void) {
  unsigned count = hand_timer_settings;
  hand_timer_settings = 0;
  return count;
}

/* The thread receives a timer as if it were new. */
static int set_timers(void **state) {
  hand_timers_are_out = hand_timer_is_refused = false;
  int error = set_scene(state);
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  check_in_a_second(); /* no time lingers */
  if (!error) error = wasmsig_set_firing(&options);
  settings();
  return error;
}

#define IN_TIME(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_timers, strike_scene)

/* ---------------------------------------------------------------- setting */

TEST(enter_sets_the_timer_for_what_is_left) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  assert_int_equal(settings(), 1);
  assert_int_equal(hand_timer_at, hand_wall_ns + 5 * MS);
  assert_left(&a, READY);
}

TEST(a_time_that_is_set_is_early_enough_for_later_sections) {
  make(&a, 5 * MS, NONE);
  for (int section = 0; section < 4; section++) {
    enter(&a);
    use_unseen(1 * US);
    assert_left(&a, READY);
  }
  assert_int_equal(settings(), 1);
}

TEST(a_nearer_limit_sets_it_again) {
  make(&a, 5 * MS, NONE);
  make(&b, 2 * MS, NONE);
  enter(&a);
  enter(&b);
  assert_int_equal(settings(), 2);
  assert_int_equal(hand_timer_at, hand_wall_ns + 2 * MS);
  assert_left(&b, READY);
  assert_left(&a, READY);
}

TEST(a_budget_without_limits_sets_none) {
  make(&a, NONE, NONE);
  enter(&a);
  assert_left(&a, READY);
  assert_int_equal(settings(), 0);
}

TEST(for_a_second_the_watchdog_checks_as_often_as_before) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  assert_left(&a, READY);
  assert_int_equal(wsig_watchdog_check_all(), 5 * MS + WSIG_BACKSTOP_NS);
  hand_wall_ns += 500 * MS;
  assert_int_equal(wsig_watchdog_check_all(), 5 * MS + WSIG_BACKSTOP_NS);
  assert_int_equal(check_in_a_second(), WSIG_NEVER);
}

TEST(the_watchdog_is_requested_a_little_later_than_the_timer) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  assert_int_equal(wsig_here->watch_at,
                   hand_wall_ns + 5 * MS + WSIG_BACKSTOP_NS);
  assert_left(&a, READY);
}

/* ----------------------------------------------------------------- firing */

TEST(at_the_limit_it_raises_and_is_set_for_the_next_one) {
  make(&a, 5 * MS, 9 * MS);
  enter(&a);
  use_unseen(5 * MS);
  fire();
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(hand_timer_at, hand_wall_ns + 4 * MS);
  assert_left(&a, SIGNALLED);
}

TEST(a_preempted_section_is_not_signalled_and_the_timer_is_set_again) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use_unseen(2 * MS);
  hand_wall_ns += 3 * MS;
  fire();
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(hand_timer_at, hand_wall_ns + 3 * MS);
  assert_left(&a, READY);
}

TEST(the_timer_is_set_for_the_nearest_limit_of_all_sections) {
  make(&a, 5 * MS, NONE);
  make(&b, 2 * MS, 30 * MS);
  enter(&a);
  enter(&b);
  use_unseen(2 * MS);
  fire();
  assert_int_equal(hand_timer_at, hand_wall_ns + 3 * MS);
  assert_left(&b, SIGNALLED);
  assert_left(&a, READY);
}

TEST(outside_of_sections_only_the_next_enter_sets_the_timer_again) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use_unseen(1 * MS);
  assert_left(&a, READY);
  hand_wall_ns += 4 * MS;
  settings();
  fire();
  assert_int_equal(settings(), 0);
  enter(&a);
  assert_int_equal(settings(), 1);
  assert_int_equal(hand_timer_at, hand_wall_ns + 4 * MS);
  assert_left(&a, READY);
}

TEST(a_kill_is_left_to_the_watchdog_and_repeated) {
  make(&a, NONE, 5 * MS);
  enter(&a);
  use_unseen(5 * MS);
  fire();
  assert_int_equal(engine.kills, 0);
  assert_int_equal(wsig_here->queued, 1);
  wsig_watchdog_check_all();
  assert_int_equal(wsig_here->queued, 0);
  assert_int_equal(engine.kills, 1);
  assert_int_equal(hand_timer_at, hand_wall_ns + 1 * MS);
  use_unseen(1 * MS);
  fire();
  wsig_watchdog_check_all();
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
}

TEST(a_kill_that_is_signal_safe_is_not_left_to_the_watchdog) {
  wasmsig_budget_options options = limits(NONE, 5 * MS);
  options.kill_is_signal_safe = true;
  make_with(&a, options);
  enter(&a);
  use_unseen(5 * MS);
  fire();
  assert_int_equal(engine.kills, 1);
  use_unseen(1 * MS);
  fire();
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
  assert_int_equal(engine.undos, 1);
}

/* A clock that goes on by itself when it is read. */
static bool read_cpu_that_goes_on(clockid_t id, uint64_t *ns) {
  use_unseen(400);
  return hand_read_cpu(id, ns);
}

TEST(a_fire_that_is_2_us_early_waits) {
  struct wsig_clock going_on = *wsig_clock;
  make(&a, 5 * MS, NONE);
  enter(&a);
  use_unseen(5 * MS - 2 * US);
  going_on.cpu_ns = read_cpu_that_goes_on;
  wsig_clock = &going_on;
  settings();
  fire();
  wsig_clock = hand_clock_used;
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(settings(), 0);
  assert_left(&a, SIGNALLED);
}

TEST(a_clock_that_does_not_run_does_not_block_the_handler) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use_unseen(5 * MS - 2 * US);
  fire();
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(hand_timer_at, hand_wall_ns + 2 * US);
  assert_left(&a, READY);
}

/* ---------------------------------------------------------------- sleeping */

static void sleep_for(uint64_t ns) {
  hand_wall_ns += ns;
  hand_sleeps++;
}

TEST(a_section_that_sleeps_is_interrupted_once) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use_unseen(10 * US);
  sleep_for(5 * MS);
  settings();
  fire();
  assert_int_equal(settings(), 0);
  for (int check = 0; check < 20; check++) {
    hand_wall_ns += 5 * MS;
    wsig_watchdog_check_all();
  }
  assert_int_equal(settings(), 0);
  assert_left(&a, READY);
}

TEST(the_timer_is_set_again_when_the_sleeper_has_woken) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  sleep_for(5 * MS);
  fire();
  settings();
  use(1 * MS);
  assert_int_equal(settings(), 1);
  assert_int_equal(hand_timer_at, hand_wall_ns + 4 * MS);
  assert_left(&a, READY);
}

TEST(a_section_that_is_only_kept_from_running_is_no_sleeper) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  settings();
  for (int turn = 0; turn < 3; turn++) {
    hand_wall_ns += 5 * MS;
    fire();
    assert_int_equal(settings(), 1);
  }
  assert_left(&a, READY);
}

TEST(a_sleeper_is_checked_less_and_less_often) {
  make(&a, 1 * US, NONE);
  enter(&a);
  sleep_for(1 * MS);
  fire();
  uint64_t before = 0, next = 0;
  for (int check = 0; check < 400; check++) {
    next = wsig_watchdog_check_all();
    if (check > 0 && check % 20 == 0) assert_true(next >= before);
    if (check % 20 == 0) before = next;
    hand_wall_ns += next;
  }
  assert_true(next >= 400 * US);
  check_in_a_second();
  next = check_in_a_second();
  assert_true(next >= 4 * MS && next <= 15 * MS);
  assert_left(&a, READY);
}

/* -------------------------------------------- what a thread did just before
 */

/* How it stops using CPU. */
enum stop {
  RUNS,
  SLEEPS,     /* a signal is handled at once; the sleep goes on */
  STANDS,     /* it is handled in the end: SIGSTOP, a page fault */
  IS_KEPT_OUT /* as well, and the thread did not ask for it: preempted */
};

static unsigned interruptions; /* of sleeps by the timer's signal */

static void handle_signal(enum stop how) {
  fire();
  if (how != SLEEPS) return;
  interruptions++;
  hand_sleeps++;
}

/* Time passes, in which the watchdog wakes when it means to, and the timer's
 * signal comes when it is due; no longer than until the guest is signalled. */
static void pass(uint64_t ns, enum stop how) {
  uint64_t end = hand_wall_ns + ns;
  bool waits = false; /* a signal */
  if (how == SLEEPS || how == STANDS) hand_sleeps++;
  while (hand_wall_ns < end && !guest_signal(&guest)) {
    uint64_t next = wsig_watchdog_turn();
    if (guest_signal(&guest)) break;
    if (next > end) next = end;
    if (!waits && wsig_here->timer_at < next) next = wsig_here->timer_at;
    uint64_t step = next > hand_wall_ns ? next - hand_wall_ns : 0;
    hand_wall_ns += step;
    if (how == RUNS) hand_cpu_ns += step;
    if (!waits && wsig_here->timer_at <= hand_wall_ns) {
      waits = how == STANDS || how == IS_KEPT_OUT;
      if (!waits) handle_signal(how);
    }
  }
  if (waits) handle_signal(how);
}

static const uint64_t before_limit[] = {5 * US, 30 * US, 300 * US, 2 * MS,
                                        20 * MS};
#define BEFORE_LIMIT (sizeof before_limit / sizeof before_limit[0])
#define NAP_BUDGET (30 * MS)

/* The CPU time past its soft limit when a thread is signalled that had stopped
 * in this way just before. */
static uint64_t late_after(enum stop how, uint64_t ns, uint64_t left_ns) {
  make(&a, NAP_BUDGET, NONE);
  wsig_watchdog_turn(); /* no time lingers */
  uint64_t begin = hand_cpu_ns;
  enter(&a);
  pass(NAP_BUDGET - left_ns, RUNS);
  pass(ns, how);
  assert_int_equal(guest_signal(&guest), 0);
  pass(1000 * MS, RUNS);
  uint64_t late = hand_cpu_ns - begin - NAP_BUDGET;
  assert_left(&a, SIGNALLED);
  wasmsig_budget_reset(&a, NULL);
  wasmsig_budget_destroy(&a);
  return late;
}

/* The most of it, whatever was left when it stopped for `ns`. */
static uint64_t most_late_after(enum stop how, uint64_t ns) {
  uint64_t most = 0;
  for (size_t i = 0; i < BEFORE_LIMIT; i++) {
    uint64_t late = late_after(how, ns, before_limit[i]);
    if (late > most) most = late;
  }
  return most;
}

TEST(a_nap_before_the_limit_gains_a_64th_of_it_at_most) {
  for (uint64_t ns = 10 * US; ns < 10 * MS; ns = ns * 3 / 2)
    assert_true(most_late_after(SLEEPS, ns) <= ns / 64 + 40 * US);
}

TEST(a_long_sleep_gains_half_a_ms_or_a_256th_of_it_at_most) {
  for (uint64_t ns = 10 * MS; ns < 900 * MS; ns = ns * 3 / 2)
    assert_true(most_late_after(SLEEPS, ns) <= 400 * US + ns / 256);
  assert_true(most_late_after(SLEEPS, 60000 * MS) <= 4 * MS + 400 * US);
}

TEST(being_stopped_or_a_page_fault_before_the_limit_gains_nothing) {
  for (uint64_t ns = 10 * US; ns < 10000 * MS; ns *= 4)
    assert_true(most_late_after(STANDS, ns) <= 40 * US);
}

TEST(being_preempted_before_the_limit_gains_nothing) {
  for (uint64_t ns = 10 * US; ns < 10000 * MS; ns *= 4)
    assert_int_equal(most_late_after(IS_KEPT_OUT, ns), 0);
}

TEST(without_timers_a_nap_gains_a_16th_of_it_at_most) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = WASMSIG_FIRING_WATCHDOG;
  assert_int_equal(wasmsig_set_firing(&options), WASMSIG_OK);
  for (uint64_t ns = 10 * US; ns < 10 * MS; ns = ns * 3 / 2)
    assert_true(most_late_after(SLEEPS, ns) <= ns / 16 + 40 * US);
  assert_true(most_late_after(SLEEPS, 60000 * MS) <= 4 * MS + 400 * US);
}

TEST(a_sleep_of_a_minute_is_interrupted_once_for_each_time_it_was_short) {
  interruptions = 0;
  late_after(SLEEPS, 60000 * MS, 20 * MS);
  assert_true(interruptions <= 2);
}

/* ------------------------------------------------------------------ notes
 */

/* The timer's signal comes, and the watchdog, while the thread leaves. */
static void fire_in_the_middle_of_a_leave(bool fire_first) {
  enter(&a);
  use_unseen(1 * MS);
  hand_wall_ns += 4 * MS;
  wsig_thread_lock(wsig_here);
  if (fire_first) fire();
  wsig_thread_request_check(wsig_here);
  if (!fire_first) fire();
  wsig_store_release(&wsig_here->lock, 0);
  assert_left(&a, READY);
}

TEST(a_request_of_the_watchdog_keeps_the_timers_request) {
  make(&a, 5 * MS, NONE);
  for (int fire_first = 0; fire_first < 2; fire_first++) {
    fire_in_the_middle_of_a_leave(fire_first);
    settings();
    enter(&a);
    assert_int_equal(settings(), 1);
    assert_left(&a, READY);
  }
}

/* ------------------------------------------------ signals that do not arrive
 */

static void pass_the_limit_without_a_signal(void) {
  enter(&a);
  use_unseen(5 * MS + WSIG_BACKSTOP_NS);
  wsig_watchdog_check_all();
}

TEST(a_limit_whose_signal_is_blocked_is_noticed_by_the_watchdog) {
  make(&a, 5 * MS, NONE);
  pass_the_limit_without_a_signal();
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
}

TEST(after_that_the_watchdog_notices_limits_in_time) {
  make(&a, 5 * MS, NONE);
  make(&b, 5 * MS, NONE);
  pass_the_limit_without_a_signal();
  assert_left(&a, SIGNALLED);
  settings();
  enter(&b);
  assert_int_equal(settings(), 0);
  assert_int_equal(wsig_here->watch_at, hand_wall_ns + 5 * MS);
  assert_left(&b, READY);
}

TEST(a_signal_that_comes_after_all_makes_the_timer_usable_again) {
  make(&a, 5 * MS, NONE);
  make(&b, 5 * MS, NONE);
  pass_the_limit_without_a_signal();
  assert_left(&a, SIGNALLED);
  fire();
  settings();
  enter(&b);
  assert_int_equal(settings(), 1);
  assert_left(&b, READY);
}

TEST(if_a_timer_cannot_be_set_the_watchdog_checks) {
  make(&a, 5 * MS, NONE);
  hand_timer_is_refused = true;
  enter(&a);
  assert_int_equal(wsig_here->watch_at, hand_wall_ns + 5 * MS);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
}

TEST(if_a_timer_cannot_be_made_the_watchdog_checks) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  hand_timers_are_out = true;
  assert_int_equal(wasmsig_set_firing(&options), WASMSIG_OK);
  make(&a, 5 * MS, NONE);
  enter(&a);
  assert_int_equal(settings(), 0);
  assert_int_equal(wsig_here->watch_at, hand_wall_ns + 5 * MS);
  assert_left(&a, READY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_TIME(enter_sets_the_timer_for_what_is_left),
      IN_TIME(a_time_that_is_set_is_early_enough_for_later_sections),
      IN_TIME(a_nearer_limit_sets_it_again),
      IN_TIME(a_budget_without_limits_sets_none),
      IN_TIME(for_a_second_the_watchdog_checks_as_often_as_before),
      IN_TIME(the_watchdog_is_requested_a_little_later_than_the_timer),
      IN_TIME(at_the_limit_it_raises_and_is_set_for_the_next_one),
      IN_TIME(a_preempted_section_is_not_signalled_and_the_timer_is_set_again),
      IN_TIME(the_timer_is_set_for_the_nearest_limit_of_all_sections),
      IN_TIME(outside_of_sections_only_the_next_enter_sets_the_timer_again),
      IN_TIME(a_kill_is_left_to_the_watchdog_and_repeated),
      IN_TIME(a_kill_that_is_signal_safe_is_not_left_to_the_watchdog),
      IN_TIME(a_fire_that_is_2_us_early_waits),
      IN_TIME(a_clock_that_does_not_run_does_not_block_the_handler),
      IN_TIME(a_section_that_sleeps_is_interrupted_once),
      IN_TIME(the_timer_is_set_again_when_the_sleeper_has_woken),
      IN_TIME(a_section_that_is_only_kept_from_running_is_no_sleeper),
      IN_TIME(a_sleeper_is_checked_less_and_less_often),
      IN_TIME(a_nap_before_the_limit_gains_a_64th_of_it_at_most),
      IN_TIME(a_long_sleep_gains_half_a_ms_or_a_256th_of_it_at_most),
      IN_TIME(being_stopped_or_a_page_fault_before_the_limit_gains_nothing),
      IN_TIME(being_preempted_before_the_limit_gains_nothing),
      IN_TIME(without_timers_a_nap_gains_a_16th_of_it_at_most),
      IN_TIME(
          a_sleep_of_a_minute_is_interrupted_once_for_each_time_it_was_short),
      IN_TIME(a_request_of_the_watchdog_keeps_the_timers_request),
      IN_TIME(a_limit_whose_signal_is_blocked_is_noticed_by_the_watchdog),
      IN_TIME(after_that_the_watchdog_notices_limits_in_time),
      IN_TIME(a_signal_that_comes_after_all_makes_the_timer_usable_again),
      IN_TIME(if_a_timer_cannot_be_set_the_watchdog_checks),
      IN_TIME(if_a_timer_cannot_be_made_the_watchdog_checks),
  };
  use_hand_timers();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
