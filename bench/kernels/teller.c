/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Polls about each microsecond, and reports each signal to the host at once. */
#include <stdint.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define STEPS 700 /* of a multiplication and an addition each: about 0.8 us */

/** Returns whether it was the last. */
__attribute__((import_module("host"), import_name("received"))) extern int
host_received(void);

static int stop;

static void report(int signal) {
  (void)signal;
  stop = host_received();
}

static uint64_t work(uint64_t state) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < STEPS; i++)
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return state;
}

static uint64_t result; /* so that the work is not optimised away */

/** Runs until the host reports the last signal; returns the number of turns. */
__attribute__((export_name("run"))) uint64_t run(void) {
  uint64_t turns = 0;
  stop = 0;
  wasmsig_on(WASMSIG_SIGUSR1, report);
  for (; !stop; turns++) {
    result = work(result);
    wasmsig_poll();
  }
  return turns;
}
