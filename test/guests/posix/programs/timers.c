/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Timers of the program's own. */
#include "check.h"

#include <sys/time.h>
#include <unistd.h>
#include <wasi/api.h>

/* The host's own: the library does not look at its end. */
__attribute__((import_module("wasi_snapshot_preview1"),
               import_name("poll_oneoff"))) int32_t
host_waits(int32_t in, int32_t out, int32_t count, int32_t size);

static int64_t now_us(void) { return now_ns(CLOCK_MONOTONIC) / 1000; }

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
  int64_t start = now_us();
  CHECK(alarm(1) == 0);
  while (heard_count == 0) continue;
  CHECK(now_us() - start >= 1000000);
  CHECK(HEARD(SIGALRM));
}

static void once(void) {
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 1000, 0);
  int64_t start = now_us();
  while (now_us() - start < 30000) work();
  CHECK(HEARD(SIGALRM));
  struct itimerval now;
  CHECK(getitimer(ITIMER_REAL, &now) == 0);
  CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_usec == 0);
}

static void repeats(void) {
  signal(SIGALRM, hear);
  int64_t start = now_us();
  set(ITIMER_REAL, 20000, 5000);
  while (heard_count < 10) continue;
  CHECK(now_us() - start >= 20000 + 9 * 5000);
}

static void stops(void) {
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 5000, 5000);
  while (heard_count < 2) continue;
  set(ITIMER_REAL, 0, 0);
  int before = heard_count;
  int64_t start = now_us();
  while (now_us() - start < 30000) work();
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
  int64_t start = now_us();
  while (heard_count == 0) continue;
  /* What it had before the sleep is little; CPU time is no faster. */
  CHECK(now_us() - start >= 25000);
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
  int64_t start = now_us();
  while (now_us() - start < 20000) work();
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

static void pass_without_poll(int64_t us) {
  __wasi_subscription_t time = {.u.tag = __WASI_EVENTTYPE_CLOCK};
  __wasi_event_t event;
  __wasi_size_t count;
  time.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  time.u.u.clock.timeout = (uint64_t)us * 1000;
  host_waits((int32_t)(intptr_t)&time, (int32_t)(intptr_t)&event, 1,
             (int32_t)(intptr_t)&count);
}

/* The host's work, of some milliseconds, and one poll. */
static void slow_turn(void) {
  static uint8_t noise[1 << 20];
  CHECK(__wasi_random_get(noise, sizeof noise) == 0);
  poll_once();
}

/* Many quick turns, then few: of these the clock passes over eight at most. */
static void slow_turns(void) {
  signal(SIGALRM, hear);
  int64_t start = now_us();
  set(ITIMER_REAL, 200000, 0);
  for (int turn = 0; turn < 100; turn++) work();
  int late = 0;
  while (heard_count == 0) {
    late += now_us() - start >= 200000;
    slow_turn();
  }
  CHECK(late <= 9);
}

static void after_call(void) {
  signal(SIGALRM, hear);
  int64_t start = now_us();
  set(ITIMER_REAL, 200000, 0);
  while (now_us() - start < 100000) work();
  CHECK(write(1, "", 0) == 0);
  pass_without_poll(200000);
  poll_once();
  CHECK(HEARD(SIGALRM));
}

static void due_when_set(void) {
  signal(SIGALRM, hear);
  set(ITIMER_REAL, 1000, 0);
  pass_without_poll(30000);
  set(ITIMER_REAL, 0, 0);
  CHECK(HEARD(SIGALRM));
}

static void stopped_interval(void) {
  struct itimerval now;
  for (int kind = ITIMER_REAL; kind <= ITIMER_PROF; kind++) {
    set(kind, 0, 3000000);
    CHECK(getitimer(kind, &now) == 0);
    CHECK(now.it_interval.tv_sec == 0 && now.it_value.tv_sec == 0);
  }
}

extern volatile int32_t wsig_polls_left;

/* Two came at once, and the second waits for the first poll in the handler of
 * the first, whatever the timer may wait for. */
static void poll_and_note(int signal) {
  poll_once();
  note(-signal);
}

static void due_at_next_poll(void) {
  signal(SIGUSR1, poll_and_note);
  signal(SIGUSR2, hear);
  alarm(1000);
  block(SIGUSR1, SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  wsig_polls_left = 5;
  unblock(SIGUSR1, SIGUSR2);
  CHECK(HEARD(SIGUSR2, -SIGUSR1));
}

static const struct test tests[] = {
    TEST(in_endless_loop, "alarm comes in an endless loop, not early"),
    TEST(once, "a timer without an interval comes once"),
    TEST(repeats, "setitimer repeats, never early"),
    TEST(stops, "a timer set to 0 has stopped"),
    TEST(left, "getitimer and setitimer return the time left"),
    TEST(alarm_answers, "alarm and ualarm return the time left"),
    TEST(bad_times, "bad times and kinds are answered with EINVAL"),
    TEST(counts_cpu, "ITIMER_VIRTUAL counts CPU time, not sleep"),
    TEST(three_kinds, "the three timers run beside each other"),
    TEST(blocked_meanwhile, "expiries while SIGALRM is blocked are one"),
    TEST(who, "a timer's signal has a timer as its origin"),
    TEST(beside_host, "while a timer runs the host's signals come"),
    TEST(slow_turns, "a loop that becomes slow does not miss its timer"),
    TEST(after_call, "the first poll after a call reads the clock"),
    TEST(due_when_set, "a timer that is due is not lost when it is set anew"),
    TEST(stopped_interval, "a timer that is stopped has no interval"),
    TEST(due_at_next_poll,
         "an expired timer does not wait for the timer's poll"),
};

int main(int argc, char **argv) { return RUN(tests); }
