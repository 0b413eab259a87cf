/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A process that is shown another time, as libfaketime does it: this program's
 * own functions take the place of the C library's, also for what is linked into
 * it. Limits are of the kernel's clocks all the same.
 */
#include "os/linux_vdso.h"
#include "os/os.h"
#include "real_clock.h"

static int days_ahead; /* of the true time */

#define DAY_S 86400

/* The library takes CPU clocks of threads, given by number, for dates, too. */
static bool is_shifted(clockid_t id) {
  return id < 0 ||
         (id != CLOCK_THREAD_CPUTIME_ID && id != CLOCK_PROCESS_CPUTIME_ID);
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, id, now);
  if (is_shifted(id)) now->tv_sec += days_ahead * DAY_S;
  return result;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *value,
                  struct itimerspec *old) {
  struct itimerspec shifted = *value;
  if (flags & TIMER_ABSTIME) shifted.it_value.tv_sec += days_ahead * DAY_S;
  return (int)syscall(SYS_timer_settime, (int)(intptr_t)timer, flags, &shifted,
                      old);
}

static struct guest guest;
static struct engine engine;

static void be_limited(int days) {
  days_ahead = days;
  guest_track(&guest, registry);
  for (int i = 0; i < 3; i++) be_signalled(&guest, 2 * MS);
  for (int i = 0; i < 3; i++) be_killed(&engine, 2 * MS);
}

CASE(limits_hold_with_false_clocks_that_are_ahead) { be_limited(10); }
CASE(limits_hold_with_false_clocks_that_are_behind) { be_limited(-1); }

CASE(used_time_is_the_kernels) {
  wasmsig_budget budget;
  days_ahead = 10;
  make(&budget, NULL, NULL, 60000 * MS, NONE);
  uint64_t begin = thread_cpu_ns();
  enter(&budget);
  days_ahead = 20;
  burn(2 * MS);
  LEFT(&budget, READY);
  uint64_t most = thread_cpu_ns() - begin;
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget) + SLACK_NS, 2 * MS);
  CHILD_AT_LEAST(most + SLACK_NS, wasmsig_budget_used_ns(&budget));
}

/* ------------------------------------------------------------ the fast way */

TEST(the_monotonic_clock_is_the_kernels) {
  struct timespec before, after;
  days_ahead = 10;
  wsig_os_prepare_clocks();
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
  uint64_t now = wsig_os_monotonic_ns();
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
  assert_true(now >=
              (uint64_t)before.tv_sec * 1000 * MS + (uint64_t)before.tv_nsec);
  assert_true(now <=
              (uint64_t)after.tv_sec * 1000 * MS + (uint64_t)after.tv_nsec);
}

static bool vdso_lies; /* and by how little */

static int clock_of_a_liar(clockid_t id, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, id, now);
  if (vdso_lies) now->tv_sec++;
  return result;
}

TEST(a_clock_that_is_not_the_kernels_is_not_used) {
  vdso_lies = true;
  assert_false(wsig_os_is_kernels_clock(clock_of_a_liar));
  vdso_lies = false;
  assert_true(wsig_os_is_kernels_clock(clock_of_a_liar));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_monotonic_clock_is_the_kernels),
      cmocka_unit_test(a_clock_that_is_not_the_kernels_is_not_used),
      BY_BOTH(limits_hold_with_false_clocks_that_are_ahead),
      BY_BOTH(limits_hold_with_false_clocks_that_are_behind),
      BY_BOTH(used_time_is_the_kernels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
