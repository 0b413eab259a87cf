// SPDX-License-Identifier: Apache-2.0 OR MIT
// A program to debug: templates, one of them with a function as its argument.
extern "C" int next(int x);
extern "C" void show(int x);

static int total;

static void add() { total += next(total); }

template <void (*Step)(), int *Word>
struct Stepper {
  __attribute__((noinline)) void run(int n) {
    for (int i = 0; i < n; i++) {
      Step();
      *Word ^= i;
    }
  }
};

template <class Each>
static int each(int n, Each visit) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    if (int seen = visit(i); seen > 3) sum += seen;
  }
  return sum;
}

extern "C" int work(int n) {
  Stepper<add, &total> stepper;
  stepper.run(n);
  return each(n, [&](int i) {
    int twice = next(i) * 2;
    for (int j = 0; j < twice; j++) show(j + n);
    return twice;
  });
}
