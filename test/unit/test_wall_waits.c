/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wall limits and kills by a call, of sections that wait, on the real clock. */
#include "real_clock.h"

#include <pthread.h>
#include <semaphore.h>

/* A guest that waits for a semaphore, which the kill posts. */
struct sleeper {
  sem_t woken;
  wasmsig_budget budget;
};

static void wake(void *context) {
  sem_post(&((struct sleeper *)context)->woken);
}

static void sleeper_init(struct sleeper *sleeper, uint64_t wall_ns) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.measure = true;
  options.wall_ns = wall_ns;
  options.kill = wake;
  options.context = sleeper;
  sem_init(&sleeper->woken, 0, 0);
  assert_int_equal(wasmsig_budget_init(&sleeper->budget, &options), WASMSIG_OK);
}

static void assert_limit(const struct sleeper *sleeper, wasmsig_limit limit) {
  assert_int_equal(wasmsig_budget_get_limit(&sleeper->budget), limit);
}

static int sleep_until_killed(struct sleeper *sleeper) {
  int error = wasmsig_budget_enter(&sleeper->budget);
  if (error == WASMSIG_ESPENT) return WASMSIG_LEFT_KILLED;
  if (error) return error;
  while (sem_wait(&sleeper->woken) != 0) continue;
  return wasmsig_budget_leave(&sleeper->budget);
}

TEST(the_watchdog_thread_ends_a_wait_at_the_wall_limit) {
  struct sleeper sleeper;
  sleeper_init(&sleeper, 20 * MS);
  uint64_t before = monotonic_ns();
  assert_int_equal(sleep_until_killed(&sleeper), WASMSIG_LEFT_KILLED);
  assert_true(monotonic_ns() - before >= 20 * MS);
  assert_limit(&sleeper, WASMSIG_LIMIT_WALL);
}

static void *sleep_in_thread(void *sleeper) {
  return (void *)(intptr_t)sleep_until_killed(sleeper);  // NOLINT
}

/* Whatever moment of the enter it meets, the kill is not lost. */
TEST(a_kill_by_another_thread_ends_every_section_that_sleeps) {
  for (int round = 0; round < 300; round++) {
    struct sleeper sleeper;
    pthread_t thread;
    void *outcome = NULL;
    sleeper_init(&sleeper, WASMSIG_NO_LIMIT);
    assert_int_equal(pthread_create(&thread, NULL, sleep_in_thread, &sleeper),
                     0);
    for (int i = 0; i < round % 100; i++) sleep_ns(US);
    assert_int_equal(wasmsig_budget_kill(&sleeper.budget), WASMSIG_OK);
    pthread_join(thread, &outcome);
    assert_int_equal((intptr_t)outcome, WASMSIG_LEFT_KILLED);
    assert_limit(&sleeper, WASMSIG_LIMIT_KILL);
    assert_int_equal(wasmsig_budget_destroy(&sleeper.budget), WASMSIG_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_watchdog_thread_ends_a_wait_at_the_wall_limit),
      cmocka_unit_test(a_kill_by_another_thread_ends_every_section_that_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
