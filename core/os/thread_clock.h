/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The CPU clock of a thread, by the kernel's number of the thread. */
#ifndef WSIG_THREAD_CLOCK_H
#define WSIG_THREAD_CLOCK_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The clock of pthread_getcpuclockid(3), in the kernel's form of
 * clock_getcpuclockid(3): the inverted number of the thread, above three bits
 * that select one of its clocks (CPUCLOCK_SCHED, CPUCLOCK_PERTHREAD). */
static inline clockid_t wsig_cpu_clock_of(pid_t tid) {
  return (clockid_t)(~(unsigned)tid << 3 | 6);
}

/* Not by pthread_getcpuclockid(3): the C library remembers the thread's number,
 * and in a process that clone(2) itself made, as container runtimes do, that is
 * the number of the parent's thread. */
static inline clockid_t wsig_own_cpu_clock(void) {
  return wsig_cpu_clock_of((pid_t)syscall(SYS_gettid));
}

#endif
