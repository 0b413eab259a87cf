/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How many points of a grid stay in the Mandelbrot set: a loop that ends
 * early, after an unpredictable number of turns. */
#include "kernel.h"

#define SIDE 64
#define LIMIT 100

static int stays(double re, double im) {
  double x = 0, y = 0;
  for (int i = 0; i < LIMIT; i++) {
    double next = x * x - y * y + re;
    y = 2 * x * y + im;
    x = next;
    if (x * x + y * y > 4) return 0;
  }
  return 1;
}

static uint64_t mandelbrot(long rounds) {
  uint64_t count = 0;
  for (long round = 0; round < rounds; round++)
    for (int row = 0; row < SIDE; row++) {
      POLL();
      for (int column = 0; column < SIDE; column++)
        count += (uint64_t)stays(column * 3.0 / SIDE - 2.1,
                                 row * 2.4 / SIDE - 1.2 + (double)round * 1e-9);
    }
  return count;
}

KERNEL(mandelbrot)
