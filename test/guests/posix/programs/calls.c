/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls that wait, and the signals that end them: the program's own timer. */
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

static void timer(long us) {
  struct itimerval to = {.it_value = {us / 1000000, us % 1000000}};
  CHECK(setitimer(ITIMER_REAL, &to, NULL) == 0);
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
  int64_t start = now_ns(CLOCK_MONOTONIC);
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
  time = (struct timespec){0, 0};
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == 0);
}

static void sleeps_through_ignored(void) {
  struct timespec time = {0, 60000000};
  signal(SIGALRM, SIG_IGN);
  int64_t start = now_ns(CLOCK_MONOTONIC);
  timer(10000);
  host_raises(SIGWINCH);
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 60000000);
}

static void sleeps_through_blocked(void) {
  struct timespec time = {0, 60000000};
  signal(SIGALRM, hear);
  block(SIGALRM, 0);
  int64_t start = now_ns(CLOCK_MONOTONIC);
  timer(10000);
  CHECK(nanosleep(&time, NULL) == 0);
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 60000000);
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
  int64_t start = now_ns(CLOCK_MONOTONIC);
  CHECK(select(0, NULL, NULL, NULL, &time) == 0);
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
}

static void writes_look(void) {
  signal(SIGUSR1, hear);
  host_raises(SIGUSR1);
  CHECK(write(1, "", 0) == 0);
  CHECK(HEARD(SIGUSR1));
}

extern char stack_end __asm__("__data_end"); /* the stack grows down to it */

static size_t stack_used(void (*call)(void)) {
  volatile char *low = &stack_end, *here = (char *)__builtin_frame_address(0);
  volatile char *top = here - 1024;
  for (volatile char *at = low; at < top; at++) *at = 0x55;
  call();
  while (low < top && *low == 0x55) low++;
  return (size_t)(top - low);
}

enum { FEW = 2, MANY = 200 };
static struct pollfd files[MANY];

static volatile int ready;

static void poll_few(void) { ready = poll(files, FEW, 0); }
static void poll_many(void) { ready = poll(files, MANY, 0); }

/* wasi-libc's list is on the stack, 128 bytes a file: the stack has no room for
 * a second one. */
static void many_files(void) {
  for (int i = 0; i < MANY; i++)
    files[i] = (struct pollfd){.fd = 1, .events = POLLOUT};
  alarm(1000);
  size_t few = stack_used(poll_few);
  int host_polls = ready == FEW; /* Node's cannot, of one file twice */
  CHECK(stack_used(poll_many) < few + (MANY - FEW) * 128 + 1024);
  CHECK(!host_polls || ready == MANY);
  void *volatile last;
  for (size_t size = 1 << 20; size >= 16; size /= 2) {
    do last = malloc(size);
    while (last);
  }
  poll_many();
  CHECK(!host_polls || ready == MANY);
}

static const struct test tests[] = {
    TEST(nanosleep_ends, "nanosleep ends with EINTR and returns the time left"),
    TEST(sleep_ends, "sleep and usleep end, and sleep returns the time left"),
    TEST(clock_nanosleep_answers, "clock_nanosleep returns EINTR and EINVAL"),
    TEST(sleeps_long_enough, "no sleep ends too early"),
    TEST(sleeps_through_ignored, "an ignored signal does not end a sleep"),
    TEST(sleeps_through_blocked, "a blocked signal does not end a sleep"),
    TEST(select_ends, "select ends with EINTR"),
    TEST(select_times_out, "an ignored signal does not end select"),
    TEST(many_files, "poll of many files needs no more stack than libc's"),
    TEST(writes_look, "a call that did not wait checks for signals, too"),
};

int main(int argc, char **argv) { return RUN(tests); }
