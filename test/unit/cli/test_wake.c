/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How the command wakes a thread, one behaviour a test. */
#include "process/clock.h"
#include "process/wake.h"
#include "support.h"

#include <errno.h>

#define ROUNDS 20000

static uint64_t now_ns(void) { return cli_now_ns(CLOCK_MONOTONIC); }

/* A sleep may end for no reason, so these ask for the word as well. */
static bool was_called(struct cli_wake *wake) {
  return wsig_load_acquire(&wake->called) != 0;
}

TEST(a_call_before_the_sleep_ends_it) {
  struct cli_wake wake = {0};
  cli_wake_up(&wake);
  cli_wake_sleep(&wake, CLI_EVER);
  assert_false(was_called(&wake));
}

TEST(calls_do_not_add_up) {
  struct cli_wake wake = {0};
  uint64_t until = 0;
  cli_wake_up(&wake);
  cli_wake_up(&wake);
  cli_wake_sleep(&wake, CLI_EVER);
  until = now_ns() + 1000000;
  while (now_ns() < until) cli_wake_sleep(&wake, until);
  assert_false(was_called(&wake));
}

TEST(a_sleep_ends_at_its_time) {
  struct cli_wake wake = {0};
  uint64_t until = now_ns() + 2000000;
  while (now_ns() < until) cli_wake_sleep(&wake, until);
  assert_false(was_called(&wake));
}

TEST(a_time_that_is_over_ends_the_sleep) {
  struct cli_wake wake = {0};
  cli_wake_sleep(&wake, 0);
  cli_wake_sleep(&wake, now_ns());
}

static struct cli_wake in_handler;

static void call(int signal) {
  (void)signal;
  cli_wake_up(&in_handler);
}

TEST(a_signal_handler_may_call_and_errno_stays) {
  signal(SIGUSR1, call);
  errno = EDOM;
  raise(SIGUSR1);
  assert_int_equal(errno, EDOM);
  cli_wake_sleep(&in_handler, CLI_EVER);
}

/* Two threads wake each other by turns: a lost call would stop both. */
static struct cli_wake ping, pong;
static uint64_t turns; /* atomic */

static void *answer(void *unused) {
  for (uint64_t turn = 0; turn < ROUNDS; turn++) {
    while (wsig_load_acquire(&turns) != 2 * turn + 1)
      cli_wake_sleep(&ping, CLI_EVER);
    wsig_store_release(&turns, 2 * turn + 2);
    cli_wake_up(&pong);
  }
  return unused;
}

TEST(no_call_is_lost_between_two_threads) {
  pthread_t thread;
  alarm(PATIENCE_S);
  assert_int_equal(pthread_create(&thread, NULL, answer, NULL), 0);
  for (uint64_t turn = 0; turn < ROUNDS; turn++) {
    wsig_store_release(&turns, 2 * turn + 1);
    cli_wake_up(&ping);
    while (wsig_load_acquire(&turns) != 2 * turn + 2)
      cli_wake_sleep(&pong, CLI_EVER);
  }
  assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_before_the_sleep_ends_it),
      cmocka_unit_test(calls_do_not_add_up),
      cmocka_unit_test(a_sleep_ends_at_its_time),
      cmocka_unit_test(a_time_that_is_over_ends_the_sleep),
      cmocka_unit_test(a_signal_handler_may_call_and_errno_stays),
      cmocka_unit_test(no_call_is_lost_between_two_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
