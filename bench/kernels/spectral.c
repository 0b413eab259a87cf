/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The spectral norm of a matrix given by a formula: divisions, and calls. */
#include <math.h>
#include <string.h>

#include "kernel.h"

#define SIZE 100
#define STEPS 4 /* of the power method, in a round */

static double vector[SIZE], image[SIZE], between[SIZE];

static double element(int row, int column) {
  int diagonal = row + column;
  return 1.0 / (diagonal * (diagonal + 1) / 2 + row + 1);
}

static void multiply(const double *from, double *to, int is_transposed) {
  for (int i = 0; i < SIZE; i++) {
    double sum = 0;
    POLL();
    for (int j = 0; j < SIZE; j++)
      sum += (is_transposed ? element(j, i) : element(i, j)) * from[j];
    to[i] = sum;
  }
}

static double product(const double *left, const double *right) {
  double sum = 0;
  for (int i = 0; i < SIZE; i++) sum += left[i] * right[i];
  return sum;
}

static uint64_t spectral(long rounds) {
  uint64_t bits;
  double norm;
  for (int i = 0; i < SIZE; i++) vector[i] = 1;
  for (long i = rounds * STEPS; i > 0; i--) {
    multiply(vector, between, 0);
    multiply(between, image, 1);
    norm = sqrt(product(vector, image) / product(vector, vector));
    for (int j = 0; j < SIZE; j++) vector[j] = image[j] / (norm * norm);
  }
  norm = sqrt(product(vector, image));
  memcpy(&bits, &norm, sizeof bits);
  return bits;
}

KERNEL(spectral)
