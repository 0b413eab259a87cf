/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The primes below 250,000 by Eratosthenes' sieve: loads and stores. */
#include <string.h>

#include "kernel.h"

#define LIMIT 250000

static uint8_t is_composite[LIMIT];

static uint32_t count_primes(void) {
  uint32_t count = 0;
  memset(is_composite, 0, sizeof is_composite);
  for (uint32_t i = 2; i < LIMIT; i++) {
    if (is_composite[i]) continue;
    POLL();
    count++;
    for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i) is_composite[j] = 1;
  }
  return count;
}

static uint64_t sieve(long rounds) {
  uint64_t total = 0;
  for (long i = 0; i < rounds; i++) total += count_primes();
  return total;
}

KERNEL(sieve)
