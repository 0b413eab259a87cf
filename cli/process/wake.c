/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Why no call is lost: the kernel compares the word with 0 and puts the thread
 * to sleep in one step (futex(2)). A call stores 1 before it wakes, so either
 * the kernel sees the 1 and the thread does not sleep, or the thread sleeps and
 * is woken.
 */
#include "process/wake.h"

#include "process/clock.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Above it, some 30 years, the kernel's own sums overflow. */
#define LONGEST_NS (UINT64_C(1000000000) * 1000000000)

void cli_wake_up(struct cli_wake *wake) {
  int saved_errno = errno;
  /* Release: what was stored before comes before the 1. */
  __atomic_store_n(&wake->called, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &wake->called, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  errno = saved_errno;
}

/* Acquire: what the thread reads next comes after the 1. */
static bool take(struct cli_wake *wake) {
  return __atomic_exchange_n(&wake->called, 0, __ATOMIC_ACQUIRE) != 0;
}

void cli_wake_sleep(struct cli_wake *wake, uint64_t until_ns) {
  struct timespec until = cli_timespec(until_ns);
  if (take(wake)) return;
  /* FUTEX_WAIT_BITSET: its time is absolute and monotonic. */
  syscall(SYS_futex, &wake->called, FUTEX_WAIT_BITSET_PRIVATE, 0,
          until_ns < LONGEST_NS ? &until : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
  take(wake);
}
