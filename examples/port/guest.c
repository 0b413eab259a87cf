/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A guest for the example of a port. Both functions poll in their loops; the
 * second one ignores what it receives. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define EXPORT(name) __attribute__((export_name(#name)))

static int is_prime(unsigned n) {
  for (unsigned d = 2; d <= n / d; d++)
    if (n % d == 0) return 0;
  return 1;
}

/** Counts primes until its CPU time is nearly used up. */
EXPORT(count_primes) int count_primes(void) {
  int count = 0;
  for (unsigned n = 2; wasmsig_poll() != WASMSIG_SIGXCPU; n++)
    count += is_prime(n);
  return count;
}

/** SIGKILL alone ends this loop: that poll traps. */
EXPORT(never_returns) int never_returns(void) {
  for (;;) wasmsig_poll();
}
