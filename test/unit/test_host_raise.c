/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A host that knows its guests itself: the budget calls it at the soft limit.
 * On a clock that the test moves by hand.
 */
#include "hand_timer.h"

static int raises;
static uint32_t signal_at_raise; /* what the registry's guest had then */

static void host_raise(void *context) {
  assert_ptr_equal(context, &engine);
  raises++;
  signal_at_raise = guest_signal(&guest);
}

static wasmsig_budget_options limits_of_host(uint64_t soft_ns,
                                             uint64_t hard_ns) {
  wasmsig_budget_options options = limits(soft_ns, hard_ns);
  options.registry = NULL;
  options.raise = host_raise;
  return options;
}

static int set_host(void **state) {
  raises = 0;
  return set_scene(state);
}

#define IN_HOST(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_host, strike_scene)

TEST(the_host_is_called_once_at_the_soft_limit) {
  make_with(&a, limits_of_host(5 * MS, NONE));
  enter(&a);
  use(5 * MS - 1);
  assert_int_equal(raises, 0);
  use(1);
  assert_int_equal(raises, 1);
  use(5 * MS);
  assert_left(&a, SIGNALLED);
  enter(&a);
  assert_left(&a, SIGNALLED);
  assert_int_equal(raises, 1);
}

TEST(the_timer_calls_the_host) {
  make_with(&a, limits_of_host(5 * MS, NONE));
  enter(&a);
  use_unseen(5 * MS);
  fire();
  assert_int_equal(raises, 1);
  assert_left(&a, SIGNALLED);
}

TEST(the_next_enter_calls_the_host_for_a_limit_that_nobody_has_seen) {
  make_with(&a, limits_of_host(5 * MS, NONE));
  enter(&a);
  use_unseen(5 * MS);
  wasmsig_budget_leave(&a);
  assert_int_equal(raises, 0);
  enter(&a);
  assert_int_equal(raises, 1);
  assert_left(&a, SIGNALLED);
}

TEST(a_hard_limit_calls_the_host_before_the_kill) {
  make_with(&a, limits_of_host(5 * MS, 5 * MS));
  enter(&a);
  use(5 * MS);
  assert_int_equal(raises, 1);
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(a_reset_lets_the_host_be_called_again) {
  make_with(&a, limits_of_host(5 * MS, NONE));
  for (int request = 1; request <= 2; request++) {
    enter(&a);
    use(5 * MS);
    assert_left(&a, SIGNALLED);
    assert_int_equal(raises, request);
    assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  }
}

TEST(the_host_is_called_after_the_raise_in_the_registry) {
  wasmsig_budget_options options = limits_of_host(5 * MS, NONE);
  options.registry = registry;
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(raises, 1);
  assert_int_equal(signal_at_raise, WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
}

TEST(options_of_a_version_without_raise_are_as_before) {
  wasmsig_budget_options options = limits_of_host(5 * MS, NONE);
  options.size = offsetof(wasmsig_budget_options, raise);
  make_with(&a, options);
  enter(&a);
  use(5 * MS);
  assert_int_equal(raises, 0);
  assert_left(&a, SIGNALLED);
  options.size--;
  assert_int_equal(wasmsig_budget_init(&b, &options), WASMSIG_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_HOST(the_host_is_called_once_at_the_soft_limit),
      IN_HOST(the_timer_calls_the_host),
      IN_HOST(the_next_enter_calls_the_host_for_a_limit_that_nobody_has_seen),
      IN_HOST(a_hard_limit_calls_the_host_before_the_kill),
      IN_HOST(a_reset_lets_the_host_be_called_again),
      IN_HOST(the_host_is_called_after_the_raise_in_the_registry),
      IN_HOST(options_of_a_version_without_raise_are_as_before),
  };
  use_hand_timers();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
