/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A little of each kind of debug information, that the fuzzer changes:
 * inlined calls, ranges, locations that change. */
static inline int weight(int i) { return i % 3 == 0 ? i * i : i; }

int sum(int n) {
  int total = 0;
  for (int i = 0; i < n; i++) total += weight(i);
  return total;
}

int both(int n, int m) {
  int first = sum(n), second = weight(m);
  while (second > first) second -= sum(n & 7) + 1;
  return first + second;
}
