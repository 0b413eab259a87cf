/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Searches for primes until a signal requests its end: the signal of its CPU
 * limit, Ctrl-C, or SIGTERM. SIGUSR1 makes it print its progress.
 *
 *     wasmsig run --cpu-soft 1s --cpu-hard 2s primes.wasm
 *
 * An ordinary program: a main loop, handlers, a poll.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

static uint64_t found;
static uint64_t candidate = 2;
static int stop; /* the signal that requested the end */

static void end(int signal) { stop = signal; }

static void report(int signal) {
  (void)signal;
  printf("%" PRIu64 " primes below %" PRIu64 " so far\n", found, candidate);
  fflush(stdout);
}

static int is_prime(uint64_t number) {
  for (uint64_t divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor == 0) return 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  uint64_t last = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_MAX;
  wasmsig_on(WASMSIG_SIGXCPU, end);
  wasmsig_on(WASMSIG_SIGINT, end);
  wasmsig_on(WASMSIG_SIGTERM, end);
  wasmsig_on(WASMSIG_SIGUSR1, report);
  printf("looking for primes\n");
  fflush(stdout);
  for (; candidate < last && !stop; candidate++) {
    found += (uint64_t)is_prime(candidate);
    wasmsig_poll();
  }
  printf("%" PRIu64 " primes below %" PRIu64 "%s\n", found, candidate,
         stop == WASMSIG_SIGXCPU ? ": out of CPU time"
         : stop                  ? ": interrupted"
                                 : "");
  return stop ? 3 : 0;
}
