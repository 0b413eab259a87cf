/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A guest for both examples of embedding: one function checks for signals, the
 * other one does not. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define EXPORT(name) __attribute__((export_name(#name)))

static int stop;
static void nearly_out_of_cpu(int signal) { stop = signal; }

static int is_prime(unsigned n) {
  for (unsigned d = 2; d <= n / d; d++)
    if (n % d == 0) return 0;
  return 1;
}

/** Counts primes until its CPU time is nearly used up. */
EXPORT(count_primes) int count_primes(void) {
  int count = 0;
  stop = 0;
  wasmsig_on(WASMSIG_SIGXCPU, nearly_out_of_cpu);
  for (unsigned n = 2; !stop; n++) {
    count += is_prime(n);
    wasmsig_poll();
  }
  return count;
}

/** Never checks for signals. */
EXPORT(never_stops) void never_stops(void) {
  for (;;) {
  }
}
