/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls that wait, and the signals that end them: the program's own timer. */
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int fails(int result, int error) {
  int is_so = result == -1 && errno == error;
  errno = 0;
  return is_so;
}

static void timer(long us) {
  struct itimerval to = {.it_value = {us / 1000000, us % 1000000}};
  CHECK(setitimer(ITIMER_REAL, &to, NULL) == 0);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void nanosleep_ends(void) {
  struct timespec time = {100, 0}, left = {0};
  signal(SIGALRM, hear); /* SA_RESTART or not: sleeps are never made again */
  timer(30000);
  CHECK(fails(nanosleep(&time, &left), EINTR));
  CHECK(HEARD(SIGALRM));
  CHECK(left.tv_sec < 100 && left.tv_sec > 50);
}

static void sleep_ends(void) {
  signal(SIGALRM, hear);
  timer(30000);
  unsigned left = sleep(100);
  CHECK(left < 100 && left > 50);
  timer(30000);
  CHECK(fails(usleep(100000000), EINTR));
  CHECK(HEARD(SIGALRM, SIGALRM));
}

static void clock_nanosleep_answers(void) {
  struct timespec time = {100, 0};
  signal(SIGALRM, hear);
  timer(30000);
  CHECK(clock_nanosleep(CLOCK_REALTIME, 0, &time, NULL) == EINTR);
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_sec += 100;
  timer(30000);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR);
  CHECK(HEARD(SIGALRM, SIGALRM));
  time.tv_nsec = 1000000000;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL) == EINVAL);
  time.tv_nsec = -1;
  CHECK(fails(nanosleep(&time, NULL), EINVAL));
}

static void sleeps_long_enough(void) {
  struct timespec time = {0, 30000000};
  int64_t start = now_ns();
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns() - start >= 30000000);
  time = (struct timespec){0, 0};
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == 0);
}

static void sleeps_through_ignored(void) {
  struct timespec time = {0, 60000000};
  signal(SIGALRM, SIG_IGN);
  int64_t start = now_ns();
  timer(10000);
  host_raises(SIGWINCH);
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns() - start >= 60000000);
}

static void sleeps_through_blocked(void) {
  struct timespec time = {0, 60000000};
  signal(SIGALRM, hear);
  block(SIGALRM, 0);
  int64_t start = now_ns();
  timer(10000);
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns() - start >= 60000000);
  CHECK(heard_count == 0 && is_pending(SIGALRM));
}

static void select_ends(void) {
  signal(SIGALRM, hear);
  timer(30000);
  struct timeval time = {100, 0};
  CHECK(fails(select(0, NULL, NULL, NULL, &time), EINTR));
  CHECK(HEARD(SIGALRM));
}

static void select_times_out(void) {
  struct timeval time = {0, 30000};
  signal(SIGALRM, SIG_IGN);
  timer(10000);
  int64_t start = now_ns();
  CHECK(select(0, NULL, NULL, NULL, &time) == 0);
  CHECK(now_ns() - start >= 30000000);
}

static void writes_look(void) {
  signal(SIGUSR1, hear);
  host_raises(SIGUSR1);
  CHECK(write(1, "", 0) == 0);
  CHECK(HEARD(SIGUSR1));
}

static const struct test tests[] = {
    TEST(nanosleep_ends, "nanosleep ends with EINTR and tells what is left"),
    TEST(sleep_ends, "sleep and usleep end, and sleep tells what is left"),
    TEST(clock_nanosleep_answers, "clock_nanosleep answers EINTR and EINVAL"),
    TEST(sleeps_long_enough, "nobody wakes too early"),
    TEST(sleeps_through_ignored, "an ignored signal does not end a sleep"),
    TEST(sleeps_through_blocked, "a blocked signal does not end a sleep"),
    TEST(select_ends, "select ends with EINTR"),
    TEST(select_times_out, "an ignored signal does not end select"),
    TEST(writes_look, "a call that waited for nothing looks for signals, too"),
};

int main(int argc, char **argv) { return RUN(tests); }
