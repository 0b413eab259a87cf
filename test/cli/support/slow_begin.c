/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * For LD_PRELOAD: the first section calls getrusage() when it sets its timer.
 * Here this call uses 0.3 s of the thread's CPU time.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long used_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int getrusage(__rusage_who_t who, struct rusage *usage) {
  static int slow = 1;
  if (who == RUSAGE_THREAD && slow) {
    slow = 0;
    for (long end = used_ms() + 300; used_ms() < end;) continue;
  }
  return (int)syscall(SYS_getrusage, who, usage);
}
