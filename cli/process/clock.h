/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Times in nanoseconds, as 64-bit numbers. Signal handlers: yes. */
#ifndef WASMSIG_CLI_PROCESS_CLOCK_H
#define WASMSIG_CLI_PROCESS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t cli_now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline struct timespec cli_timespec(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                           .tv_nsec = (long)(ns % 1000000000)};
}

#endif
