/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Linux: system calls that no preloaded library can replace. Libraries that
 * show a process another time (libfaketime) replace the C library's
 * clock_gettime, timer_settime and syscall. Then limits would be compared with
 * the times of two clocks. Async-signal-safe: errno does not change.
 *
 * Registers: syscall(2), "Architecture calling conventions".
 */
#ifndef WSIG_OS_LINUX_SYSCALL_H
#define WSIG_OS_LINUX_SYSCALL_H

#include <sys/syscall.h>

#if defined(__x86_64__) && !defined(__ILP32__)

#define WSIG_HAS_SYSCALL 1
/* Answers the kernel's result: an error is a negative number. */
static inline long wsig_syscall(long number, long a, long b, long c, long d,
                                long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

#define WSIG_HAS_SYSCALL 1
static inline long wsig_syscall(long number, long a, long b, long c, long d,
                                long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

#else

/* On other processors the kernel's structures of time differ from the C
 * library's. */
#define WSIG_HAS_SYSCALL 0

#endif

#endif
