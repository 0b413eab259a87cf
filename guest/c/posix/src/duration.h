/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Durations as in POSIX: seconds, and a part of a second. */
#ifndef WSIG_GUEST_DURATION_H
#define WSIG_GUEST_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#define WSIG_NS_PER_S INT64_C(1000000000)
#define WSIG_US_PER_S INT64_C(1000000)

static inline bool wsig_is_duration(int64_t seconds, int64_t part,
                                    int64_t parts_per_s) {
  return seconds >= 0 && part >= 0 && part < parts_per_s;
}

/* At most about a hundred years, so that a sum with a clock's time fits. */
static inline uint64_t wsig_ns_of(int64_t seconds, int64_t ns) {
  const int64_t longest_s = INT64_C(4000000000);
  if (seconds > longest_s) seconds = longest_s;
  return (uint64_t)(seconds * WSIG_NS_PER_S + ns);
}

#endif
