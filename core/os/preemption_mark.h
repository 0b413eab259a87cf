/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Ticks of the processor, and a witness that the thread was not switched out
 * between two of them.
 *
 * The witness is the field `rseq_cs` of the thread's rseq area, in which a
 * thread tells the kernel of a sequence of code that is to be restarted. The
 * kernel makes it NULL as soon as it preempts the thread, or gives it a signal,
 * outside of that sequence (<linux/rseq.h>, struct rseq). So the address of a
 * sequence that holds no code at all stays there for as long as the thread is
 * neither preempted nor migrated and gets no signal. Who else uses the field
 * stores another address, which tells as little as NULL does.
 */
#ifndef WSIG_OS_PREEMPTION_MARK_H
#define WSIG_OS_PREEMPTION_MARK_H

#include <stdint.h>
#include <time.h>

/* What stands in the field of a thread that was not switched out. */
extern const uint64_t *const wsig_preemption_mark;

/* The calling thread's field; NULL: it has none, or the kernel leaves it alone
 * when it switches a thread out in a system call. */
volatile uint64_t *wsig_os_preemption_mark(void);

/* Whether ticks go at one rate, whatever the processor does. */
bool wsig_os_ticks_are_steady(void);

static inline void wsig_preemption_mark_set(volatile uint64_t *field) {
  *field = (uint64_t)(uintptr_t)wsig_preemption_mark;
}

/* Read the ticks before this: then it tells of that moment. */
static inline bool wsig_preemption_mark_holds(const volatile uint64_t *field) {
  return *field == (uint64_t)(uintptr_t)wsig_preemption_mark;
}

/* An interrupt falls between two instructions: out of order as the processor
 * may run them, those behind it are run again. So nothing needs to be fenced
 * but the compiler. */
static inline uint64_t wsig_ticks(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
  return ticks;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
#endif
}

#endif
