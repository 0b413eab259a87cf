/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Clocks in nanoseconds. */
#ifndef WASMSIG_CLOCK_H
#define WASMSIG_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ns(clockid_t clock) {
  struct timespec now = {0};
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t monotonic_now_ns(void) {
  return clock_now_ns(CLOCK_MONOTONIC);
}

#endif
