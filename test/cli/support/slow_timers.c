/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For LD_PRELOAD: the first timer that is set costs its thread 0.3 s of CPU. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long used_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *value,
                  struct itimerspec *old) {
  static int slow = 1;
  /* glibc and musl: a timer that sends a signal is the kernel's number. */
  int result =
      (int)syscall(SYS_timer_settime, (int)(long)timer, flags, value, old);
  for (long end = used_ms() + 300; slow && used_ms() < end;) continue;
  slow = 0;
  return result;
}
