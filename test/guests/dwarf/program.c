/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program to debug: loops, an inlined function, variables that move. */
extern int next(int x);
extern void show(int x);

static int table[64];

static inline __attribute__((always_inline)) int fold(int a, int b) {
  int square = a * a + b;
  if (square > 100) {
    int rest = next(square);
    show(rest);
    square -= rest;
  }
  return square;
}

static int unused(int x) { return next(x) + 1; }

__attribute__((noinline)) static int inner(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    int k = fold(i, n);
    sum += table[k & 63];
    if (sum > 1000) {
      int over = sum - 1000;
      show(over);
      sum = over;
    }
  }
  return sum;
}

int work(int n) {
  int total = 0;
  for (int i = 0; i < 64; i++) table[i] = i;
  for (int i = 1; i < 64; i++) {
    for (int j = 0; j < i; j++) {
      table[i] += table[j];
      show(j);
    }
  }
  for (int i = 0; i < n; i++) {
    total += inner(i);
    table[i & 63] = total;
  }
  return total + fold(n, total);
}

int (*kept)(int) = unused;
