/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A linear congruential generator: a loop without a call. */
#include "kernel.h"

#define STEPS 1000000 /* in a round */
#define STRIDE 1000   /* between polls by hand */

static uint64_t lcg(long rounds) {
  uint64_t state = 1;
  for (int64_t i = (int64_t)rounds * STEPS; i > 0; i -= STRIDE) {
    POLL();
    /* Several steps at once would be one, by other constants. */
#pragma clang loop unroll(disable)
    for (int j = STRIDE; j > 0; j--)
      state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
  }
  return state;
}

KERNEL(lcg)
