/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Timers of the program's own. */
#include "check.h"

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int fails(int result, int error) {
  int is_so = result == -1 && errno == error;
  errno = 0;
  return is_so;
}

static struct itimerval every(long first_us, long interval_us) {
  return (struct itimerval){
      .it_value = {first_us / 1000000, first_us % 1000000},
      .it_interval = {interval_us / 1000000, interval_us % 1000000}};
}

static void set(int kind, long first_us, long interval_us) {
  struct itimerval to = every(first_us, interval_us);
  CHECK(setitimer(kind, &to, NULL) == 0);
}

static void in_endless_loop(void) {
  signal(SIGALRM, hear);
  int64_t start = now_us(CLOCK_MONOTONIC);
  CHECK(alarm(1) == 0);
  while (heard_count == 0) continue;
  CHECK(now_us(CLOCK_MONOTONIC) - start >= 1000000);
  CHECK(HEARD(SIGALRM));
}

static void once(void) {
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 1000, 0);
  int64_t start = now_us(CLOCK_MONOTONIC);
  while (now_us(CLOCK_MONOTONIC) - start < 30000) work();
  CHECK(HEARD(SIGALRM));
  struct itimerval now;
  CHECK(getitimer(ITIMER_REAL, &now) == 0);
  CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_usec == 0);
}

static void repeats(void) {
  signal(SIGALRM, hear);
  int64_t start = now_us(CLOCK_MONOTONIC);
  set(ITIMER_REAL, 20000, 5000);
  while (heard_count < 10) continue;
  CHECK(now_us(CLOCK_MONOTONIC) - start >= 20000 + 9 * 5000);
}

static void stops(void) {
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 5000, 5000);
  while (heard_count < 2) continue;
  set(ITIMER_REAL, 0, 0);
  int before = heard_count;
  int64_t start = now_us(CLOCK_MONOTONIC);
  while (now_us(CLOCK_MONOTONIC) - start < 30000) work();
  CHECK(heard_count == before);
}

static void left(void) {
  struct itimerval now;
  set(ITIMER_REAL, 90000000, 7000001);
  CHECK(getitimer(ITIMER_REAL, &now) == 0);
  CHECK(now.it_value.tv_sec >= 1 && now.it_value.tv_sec <= 90);
  CHECK(now.it_interval.tv_sec == 7 && now.it_interval.tv_usec == 1);
  struct itimerval to = every(0, 0);
  CHECK(setitimer(ITIMER_REAL, &to, &now) == 0);
  CHECK(now.it_value.tv_sec >= 1 && now.it_interval.tv_sec == 7);
  CHECK(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_sec == 0);
}

static void alarm_answers(void) {
  CHECK(alarm(1000) == 0);
  unsigned before = alarm(0);
  CHECK(before > 900 && before <= 1000);
  CHECK(alarm(0) == 0);
  CHECK(ualarm(500000, 0) == 0);
  before = ualarm(0, 0);
  CHECK(before > 0 && before <= 500000);
  ualarm(100000, 0);
  CHECK(alarm(0) == 1); /* less than a second is one, as something is left */
}

static void bad_times(void) {
  struct itimerval to = every(0, 0);
  CHECK(fails(setitimer(3, &to, NULL), EINVAL));
  CHECK(fails(setitimer(-1, &to, NULL), EINVAL));
  CHECK(fails(getitimer(3, &to), EINVAL));
  to.it_value.tv_usec = 1000000;
  CHECK(fails(setitimer(ITIMER_REAL, &to, NULL), EINVAL));
  to.it_value.tv_usec = -1;
  CHECK(fails(setitimer(ITIMER_REAL, &to, NULL), EINVAL));
  to = every(0, 0);
  to.it_interval.tv_sec = -1;
  CHECK(fails(setitimer(ITIMER_REAL, &to, NULL), EINVAL));
}

static void counts_cpu(void) {
  signal(SIGVTALRM, hear);
  signal(SIGPROF, hear);
  signal(SIGALRM, hear);
  set(ITIMER_VIRTUAL, 50000, 0);
  /* Asleep it does not run. */
  struct timespec sleep = {.tv_nsec = 300000000};
  CHECK(nanosleep(&sleep, NULL) == 0);
  CHECK(heard_count == 0);
  int64_t start = now_us(CLOCK_MONOTONIC);
  while (heard_count == 0) continue;
  /* What it had before the sleep is little; CPU time is no faster. */
  CHECK(now_us(CLOCK_MONOTONIC) - start >= 25000);
  CHECK(HEARD(SIGVTALRM));
}

static void three_kinds(void) {
  signal(SIGVTALRM, hear);
  signal(SIGPROF, hear);
  signal(SIGALRM, hear);
  set(ITIMER_VIRTUAL, 60000, 0);
  set(ITIMER_PROF, 30000, 0);
  set(ITIMER_REAL, 1, 0);
  while (heard_count < 3) continue;
  CHECK(HEARD(SIGALRM, SIGPROF, SIGVTALRM));
}

static void blocked_meanwhile(void) {
  signal(SIGALRM, hear);
  block(SIGALRM, 0);
  set(ITIMER_REAL, 1000, 1000);
  int64_t start = now_us(CLOCK_MONOTONIC);
  while (now_us(CLOCK_MONOTONIC) - start < 20000) work();
  CHECK(heard_count == 0 && is_pending(SIGALRM));
  set(ITIMER_REAL, 0, 0);
  unblock(SIGALRM, 0);
  CHECK(HEARD(SIGALRM)); /* those missed are one */
}

static siginfo_t told;

static void hear_with_info(int signal, siginfo_t *info, void *context) {
  (void)context;
  told = *info;
  note(signal);
}

static void who(void) {
  struct sigaction action = {.sa_sigaction = hear_with_info,
                             .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, NULL);
  set(ITIMER_REAL, 1000, 0);
  while (heard_count == 0) continue;
  CHECK(told.si_code == SI_KERNEL && told.si_signo == SIGALRM);
}

static void beside_host(void) {
  signal(SIGALRM, hear);
  signal(SIGUSR1, hear);
  set(ITIMER_REAL, 100000000, 0);
  host_raises(SIGUSR1);
  work();
  CHECK(HEARD(SIGUSR1));
}

static void slow_turns(void) {
  /* Many quick turns, then few: the clock is still looked at in time. */
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 200000, 0);
  int64_t start = now_us(CLOCK_MONOTONIC);
  while (now_us(CLOCK_MONOTONIC) - start < 50000) work();
  int turns = 0;
  struct timespec nap = {.tv_nsec = 20000000};
  while (heard_count == 0 && ++turns < 100) nanosleep(&nap, NULL);
  CHECK(turns < 50);
}

static const struct test tests[] = {
    TEST(in_endless_loop, "alarm comes in an endless loop, not early"),
    TEST(once, "a timer without an interval comes once"),
    TEST(repeats, "setitimer repeats, never early"),
    TEST(stops, "a timer set to 0 has stopped"),
    TEST(left, "getitimer and setitimer tell what is left"),
    TEST(alarm_answers, "alarm and ualarm tell what was left"),
    TEST(bad_times, "bad times and kinds are answered with EINVAL"),
    TEST(counts_cpu, "ITIMER_VIRTUAL counts CPU time, not sleep"),
    TEST(three_kinds, "the three timers run beside each other"),
    TEST(blocked_meanwhile, "expiries while SIGALRM is blocked are one"),
    TEST(who, "a timer's signal says that it comes from a timer"),
    TEST(beside_host, "while a timer runs the host's signals come"),
    TEST(slow_turns, "a loop that becomes slow does not miss its timer"),
};

int main(int argc, char **argv) { return RUN(tests); }
