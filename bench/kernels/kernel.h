/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A guest that computes. `KERNEL(function)` at the end of its file makes it
 *
 *  - a program for WASI, its kernel between two marks. At a mark the guest
 * writes a byte and waits for one, so that its host can read a clock before the
 * work continues. At the end of its input the guest does not wait;
 *  - with KERNEL_EXPORTED a module that exports the kernel as `run`.
 *
 * A kernel has POLL() at the place for a poll by hand: in the loop around the
 * innermost one. POLL() is empty; with KERNEL_POLLS it is a poll; with
 * KERNEL_CALLS it calls a function that polls, like the Rust crate without the
 * atomics feature.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdint.h>

#if defined(KERNEL_POLLS) || defined(KERNEL_CALLS)
#include <wasmsig/guest.h>
WASMSIG_GUEST_WORDS();
#endif

#if defined(KERNEL_POLLS)
#define POLL() wasmsig_poll()
#elif defined(KERNEL_CALLS)
static __attribute__((noinline)) int poll_by_call(void) {
  return wasmsig_poll();
}
#define POLL() poll_by_call()
#else
#define POLL() ((void)0)
#endif

#ifdef KERNEL_EXPORTED

/* A double holds the host's argument, in JavaScript, too. */
#define KERNEL(kernel)                                              \
  __attribute__((export_name("run"))) uint32_t run(double rounds) { \
    return (uint32_t)kernel((long)rounds);                          \
  }

#else

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline void mark(void) {
  char byte = '\n';
  if (write(STDOUT_FILENO, &byte, 1) != 1) exit(EXIT_FAILURE);
  if (read(STDIN_FILENO, &byte, 1) < 0) exit(EXIT_FAILURE);
}

static inline int64_t wall_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Runs the kernel as many rounds as the first argument says, and prints the
 * results, and the wall time in ns as the last line. */
static inline int run_kernel(int argc, char **argv,
                             uint64_t (*kernel)(long rounds)) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
  mark();
  int64_t start = wall_ns();
  uint64_t result = kernel(rounds);
  int64_t ns = wall_ns() - start;
  mark();
  printf("%llu\n%lld\n", (unsigned long long)result, (long long)ns);
  return EXIT_SUCCESS;
}

#define KERNEL(kernel) \
  int main(int argc, char **argv) { return run_kernel(argc, argv, kernel); }

#endif
#endif
