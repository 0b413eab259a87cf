/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fibonacci's numbers by their definition: calls, and little else. */
#include "kernel.h"

#define INDEX 23

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t sum(long rounds) {
  volatile uint32_t index =
      INDEX; /* so that one call does not serve all rounds */
  uint64_t total = 0;
  for (long i = 0; i < rounds; i++) {
    POLL();
    total += fib(index);
  }
  return total;
}

KERNEL(sum)
