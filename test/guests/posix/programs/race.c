/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals that a poll takes between the library's look and its wait. Such a
 * moment is when it reads the clock, or asks what kind of file it is to read:
 * both are ours.
 */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>
#include <wasi/api.h>

__attribute__((import_module("wasi_snapshot_preview1"),
               import_name("clock_time_get"))) int32_t
host_clock(int32_t clock, int64_t precision, int32_t time);

int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t, int64_t,
                                                         int32_t);

static volatile int reads_until_signal = -1;

static void pass_moment(void) {
  if (reads_until_signal >= 0 && reads_until_signal-- == 0) {
    host_raises(SIGUSR1);
    work();
  }
}

int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t clock,
                                                         int64_t precision,
                                                         int32_t time) {
  pass_moment();
  return host_clock(clock, precision, time);
}

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t, int32_t);

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t fd,
                                                        int32_t status) {
  (void)fd;
  *(__wasi_fdstat_t *)(intptr_t)status = (__wasi_fdstat_t){0};
  pass_moment();
  return 0;
}

/* Nobody waits: what would have been slept through is there to see. */
static volatile int waits;

/* A call that goes on: its first wait is ended by a signal that is ignored, and
 * the one that matters comes so many reads of the clock later. */
static volatile int is_first, moment;
static volatile int is_past; /* there are not so many before the next wait */

static int32_t answer_wait(void) {
  if (is_first) {
    is_first = 0;
    host_raises(SIGWINCH);
    reads_until_signal = moment;
    return __WASI_ERRNO_INTR;
  }
  if (reads_until_signal >= 0) {
    is_past = 1;
    reads_until_signal = -1;
    host_raises(SIGUSR1);
    return __WASI_ERRNO_INTR;
  }
  waits++;
  return 0;
}

int32_t wsig_host_poll_oneoff(int32_t, int32_t, int32_t, int32_t);

int32_t wsig_host_poll_oneoff(int32_t in, int32_t out, int32_t count,
                              int32_t size) {
  const __wasi_subscription_t *list = (const void *)(intptr_t)in;
  (void)out, (void)count;
  *(__wasi_size_t *)(intptr_t)size = 0;
  if (list[0].u.u.clock.timeout == 0) return 0; /* asks, and does not wait */
  return answer_wait();
}

int32_t wsig_host_fd_read(int32_t, int32_t, int32_t, int32_t);

int32_t wsig_host_fd_read(int32_t fd, int32_t buffers, int32_t count,
                          int32_t size) {
  (void)fd, (void)buffers, (void)count;
  *(__wasi_size_t *)(intptr_t)size = 0;
  return answer_wait();
}

/* So often is the clock read before a wait, while a timer runs. */
enum { READS = 3 };

static void suspend(void) {
  signal(SIGUSR1, hear);
  sigset_t none = set_of(0, 0);
  block(SIGUSR1, 0);
  alarm(1000);
  for (int reads = 0; reads < READS; reads++) {
    heard_count = 0;
    reads_until_signal = reads;
    sigsuspend(&none);
    CHECK(HEARD(SIGUSR1) && waits == 0);
  }
}

static void sigwait_takes(void) {
  int which = 0;
  sigset_t set = set_of(SIGUSR1, 0);
  block(SIGUSR1, 0);
  alarm(1000);
  for (int reads = 0; reads < READS; reads++) {
    reads_until_signal = reads;
    CHECK(sigwait(&set, &which) == 0 && which == SIGUSR1);
    CHECK(waits == 0);
  }
}

/* At each moment from the first wait to the second, or from the call on. */
static void at_each_moment(int (*call)(void), int begins_with_wait) {
  struct sigaction action = {.sa_handler = hear};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  is_past = 0;
  for (moment = 0; !is_past; moment++) {
    heard_count = 0;
    is_first = begins_with_wait;
    reads_until_signal = begins_with_wait ? -1 : moment;
    CHECK(fails(call(), EINTR));
    CHECK(HEARD(SIGUSR1) && waits == 0);
  }
  CHECK(moment > 2);
}

/* wasi-libc's pselect as far as it is needed, and a signal that a poll takes
 * before it has come to its wait. */
int libc_pselect(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
                 const void *) __asm__("pselect");

static volatile int comes_before_wait;

int libc_pselect(int count, fd_set *to_read, fd_set *to_write, fd_set *other,
                 const struct timespec *timeout, const void *mask) {
  (void)count, (void)to_read, (void)to_write, (void)other, (void)mask;
  __wasi_subscription_t time = {.u.tag = __WASI_EVENTTYPE_CLOCK};
  __wasi_event_t event;
  __wasi_size_t events;
  time.u.u.clock.timeout = (uint64_t)timeout->tv_sec * 1000000000;
  if (comes_before_wait) {
    host_raises(SIGUSR1);
    work();
  }
  errno = __wasi_poll_oneoff(&time, &event, 1, &events);
  return errno ? -1 : 0;
}

static int select_for_long(void) {
  struct timeval time = {.tv_sec = 1000};
  return select(0, NULL, NULL, NULL, &time);
}

static int pselect_for_long(void) {
  sigset_t none = set_of(0, 0);
  struct timespec time = {.tv_sec = 1000};
  return pselect(0, NULL, NULL, NULL, &time, &none);
}

static int ppoll_for_long(void) {
  sigset_t none = set_of(0, 0);
  struct pollfd file = {.fd = 0, .events = POLLIN};
  return ppoll(&file, 1, NULL, &none);
}

static int read_one(void) {
  char byte;
  return (int)read(0, &byte, 1);
}

static void select_ends(void) {
  alarm(1000);
  at_each_moment(select_for_long, 1);
}

static void pselect_ends(void) {
  alarm(1000);
  block(SIGUSR1, 0);
  at_each_moment(pselect_for_long, 0);
  at_each_moment(pselect_for_long, 1);
  at_each_moment(ppoll_for_long, 0);
}

static void pselect_is_ended_early(void) {
  signal(SIGUSR1, hear);
  block(SIGUSR1, 0);
  alarm(1000);
  comes_before_wait = 1;
  CHECK(fails(pselect_for_long(), EINTR));
  CHECK(HEARD(SIGUSR1) && waits == 0);
}

static void read_ends(void) {
  alarm(1000);
  at_each_moment(read_one, 1);
}

/* Which waits in the host's read: by this timer's time nothing is to end. */
static void read_in_host_ends(void) {
  struct itimerval time = {.it_value = {.tv_sec = 1000}};
  CHECK(setitimer(ITIMER_VIRTUAL, &time, NULL) == 0);
  at_each_moment(read_one, 1);
}

static const struct test tests[] = {
    TEST(suspend, "sigsuspend loses no signal that came just before its wait"),
    TEST(sigwait_takes, "sigwait loses no signal that came just before it"),
    TEST(select_ends, "select loses no signal between two of its waits"),
    TEST(pselect_ends, "pselect and ppoll lose none from their mask on"),
    TEST(pselect_is_ended_early, "pselect loses none before its wait begins"),
    TEST(read_ends, "read beside a timer loses none between two waits"),
    TEST(read_in_host_ends, "read loses none between two calls of the host"),
};

int main(int argc, char **argv) { return RUN(tests); }
