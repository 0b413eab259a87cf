/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Polls about each microsecond, and tells the host of each signal at once. */
#include <stdint.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define STEPS 700 /* of a multiplication and an addition each: some 0.8 us */

/** Returns whether it was the last. */
__attribute__((import_module("host"), import_name("heard"))) extern int
host_heard(void);

static int stop;

static void tell(int signal) {
  (void)signal;
  stop = host_heard();
}

static uint64_t work(uint64_t state) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < STEPS; i++)
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return state;
}

static uint64_t result; /* lest the work is left out */

/** Runs until told that it was the last; returns the turns it took. */
__attribute__((export_name("run"))) uint64_t run(void) {
  uint64_t turns = 0;
  stop = 0;
  wasmsig_on(WASMSIG_SIGUSR1, tell);
  for (; !stop; turns++) {
    result = work(result);
    wasmsig_poll();
  }
  return turns;
}
