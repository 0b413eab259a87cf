/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Ticks of the processor, and a mark that proves that the thread was not
 * switched out between two readings of them.
 *
 * The mark is in the field `rseq_cs` of the thread's rseq area. There a thread
 * tells the kernel about a sequence of code that must be restarted after an
 * interruption. The kernel sets the field to NULL as soon as it preempts the
 * thread, or delivers a signal to it, outside of that sequence (<linux/rseq.h>,
 * struct rseq). So the address of a sequence without any code stays there as
 * long as the thread is neither preempted nor migrated and receives no signal.
 * Other code that uses the field stores another address, which proves as little
 * as NULL.
 *
 * An allocator such as tcmalloc stores its own addresses in `rseq_cs` all the
 * time. For a program that has one, a host can choose the field `node_id`: the
 * kernel stores the number of the memory node there whenever it continues the
 * thread after a switch or a signal, so that another value vanishes. The field
 * is for reading only (<linux/rseq.h>). Code that reads it finds a node that
 * does not exist, and kernels for debugging report it. So this is for Linux
 * before 6.19, and for a program whose code does not read it.
 */
#ifndef WSIG_OS_PREEMPTION_MARK_H
#define WSIG_OS_PREEMPTION_MARK_H

#include <stdint.h>
#include <time.h>

/* The mark: the field's value in a thread that was not switched out. */
extern uint64_t wsig_preemption_mark;

/* The mark is in `node_id`, in each thread that asks for its field from now on,
 * if the kernel is older than 6.19. Call it before any thread asks. */
void wsig_os_preemption_mark_use_node_id(void);

/* The calling thread's field. NULL: it has none, or the kernel does not change
 * it when it switches the thread out in a system call. */
volatile uint64_t *wsig_os_preemption_mark(void);

/* Whether ticks have one rate in all states of the processor. */
bool wsig_os_ticks_are_steady(void);

static inline void wsig_preemption_mark_set(volatile uint64_t *field) {
  *field = wsig_preemption_mark;
}

/* Whether the thread was not switched out until the moment when the caller read
 * the ticks. It must read them before this. */
static inline bool wsig_preemption_mark_holds(const volatile uint64_t *field) {
  return *field == wsig_preemption_mark;
}

/* An interrupt comes between two instructions. The processor may run
 * instructions out of order, but it repeats those after the interrupt. So only
 * the compiler needs a fence. */
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
