/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals that a poll takes between the library's look and its wait. Such a
 * moment is when it reads the clock: the clock is ours.
 */
#include "check.h"

#include <unistd.h>

__attribute__((import_module("wasi_snapshot_preview1"),
               import_name("clock_time_get"))) int32_t
host_clock(int32_t clock, int64_t precision, int32_t time);

int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t, int64_t,
                                                         int32_t);

static volatile int reads_until_signal = -1;

int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t clock,
                                                         int64_t precision,
                                                         int32_t time) {
  if (reads_until_signal >= 0 && reads_until_signal-- == 0) {
    host_raises(SIGUSR1);
    work();
  }
  return host_clock(clock, precision, time);
}

/* Nobody waits: what would have been slept through is there to see. */
int32_t wsig_host_poll_oneoff(int32_t, int32_t, int32_t, int32_t);
static volatile int waits;

int32_t wsig_host_poll_oneoff(int32_t in, int32_t out, int32_t count,
                              int32_t size) {
  (void)in, (void)out, (void)count, (void)size;
  waits++;
  return 0;
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

static const struct test tests[] = {
    TEST(suspend, "sigsuspend loses no signal that came just before its wait"),
    TEST(sigwait_takes, "sigwait loses no signal that came just before it"),
};

int main(int argc, char **argv) { return RUN(tests); }
