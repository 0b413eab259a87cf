/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sleeping. wasi-libc's functions support neither EINTR nor the remaining time,
 * so these functions replace them.
 */
#include "duration.h"
#include "internal.h"

#include <stddef.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

/* A program may define these itself. */
#pragma weak nanosleep
#pragma weak sleep
#pragma weak usleep

/* The object behind wasi-libc's clock ids. */
struct __clockid {
  __wasi_clockid_t id;
};

/* Sleeps until `then_ns` on the given clock, or until a handler was called. The
 * clock may be set during the sleep, so it is read again after each wait. */
static int sleep_until(uint32_t clock, uint64_t then_ns, uint64_t *left_ns) {
  int error = 0;
  wsig_enter();
  uint32_t handled = wsig.handled;
  for (;;) {
    uint64_t now = 0;
    wsig_run();
    if (!wsig_clock_ns(clock, &now)) error = EINVAL;
    *left_ns = then_ns > now ? then_ns - now : 0;
    if (*left_ns == 0 || error) break;
    if (wsig.handled != handled) error = EINTR;
    if (error) break;
    wsig_wait(wsig_now_ns() + *left_ns, 0);
  }
  wsig_leave();
  return error;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left) {
  uint64_t start_ns = 0, left_ns;
  bool is_absolute = flags & TIMER_ABSTIME;
  if ((flags & ~TIMER_ABSTIME) ||
      !wsig_is_duration(time->tv_sec, time->tv_nsec, WSIG_NS_PER_S))
    return EINVAL;
  if (!is_absolute && !wsig_clock_ns(clock->id, &start_ns)) return EINVAL;
  int error = sleep_until(
      clock->id, start_ns + wsig_ns_of(time->tv_sec, time->tv_nsec), &left_ns);
  if (error == EINTR && left && !is_absolute) {
    left->tv_sec = (time_t)(left_ns / WSIG_NS_PER_S);
    left->tv_nsec = (long)(left_ns % WSIG_NS_PER_S);
  }
  return error;
}

int nanosleep(const struct timespec *time, struct timespec *left) {
  /* On the clock that cannot be set. */
  return wsig_result(clock_nanosleep(CLOCK_MONOTONIC, 0, time, left));
}

/* Returns the remaining seconds. */
unsigned sleep(unsigned seconds) {
  struct timespec time = {.tv_sec = (time_t)seconds};
  return nanosleep(&time, &time) == 0 ? 0 : (unsigned)time.tv_sec;
}

int usleep(unsigned us) {
  struct timespec time = {.tv_sec = (time_t)(us / 1000000),
                          .tv_nsec = (long)(us % 1000000 * 1000)};
  return nanosleep(&time, NULL);
}
