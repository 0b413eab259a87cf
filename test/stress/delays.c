/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The random delay at each test point of the library (core/test_points.h), for
 * builds with WASMSIG_DELAYS. Most are none or a few instructions, some give
 * the processor away, a few last longer than whole adds, removes and walks of
 * others: so the windows between two accesses, a few nanoseconds wide
 * otherwise, are wide open in turn. Async-signal-safe: clocks and system calls
 * only.
 */
#include "test_points.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

static _Thread_local uint64_t state;

/* Marsaglia, "Xorshift RNGs", 2003. A handler that comes in between only
 * makes it more random. */
static uint64_t next(void) {
  uint64_t x = state;
  if (x == 0) x = (uint64_t)(uintptr_t)&state | 1;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  state = x;
  return x >> 16;
}

static void spin(uint64_t turns) {
  for (volatile uint64_t i = 0; i < turns; i++) continue;
}

static void sleep_for(uint64_t ns) {
  struct timespec pause = {0, (long)ns};
  nanosleep(&pause, NULL);
}

void wsig_test_point(enum wsig_test_point point) {
  int saved_errno = errno;
  uint64_t random = next() + (uint64_t)point;
  uint64_t length = random >> 16;
  switch (random % 2048) {
    case 0: sleep_for(length % 3000000); break; /* 3 ms: longer than anything */
    case 1:
    case 2:
    case 3:
    case 4: sleep_for(length % 100000); break;
    default:
      if (random % 32 == 5)
        sched_yield();
      else if (random % 8 == 6)
        spin(length % 512);
      break;
  }
  errno = saved_errno;
}
