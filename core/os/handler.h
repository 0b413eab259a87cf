/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the library uses of the operating system in signal handlers. */
#ifndef WSIG_OS_HANDLER_H
#define WSIG_OS_HANDLER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A timer whose signal goes to one thread; and one on the thread's CPU clock,
 * if the system has it, with the same signal. */
struct wsig_timer {
  timer_t id, cpu_id;
  int signal;
  bool made, cpu_made;
};

/* Members of struct wsig_clock (os.h). */
uint64_t wsig_os_monotonic_ns(void);
bool wsig_os_cpu_ns(clockid_t id, uint64_t *ns);
bool wsig_os_timer_set(struct wsig_timer *timer, uint64_t at_ns);
void wsig_os_timer_set_cpu(struct wsig_timer *timer, uint64_t at_cpu_ns);
uint64_t wsig_os_sleeps(void);

/* Sets the function that reads the monotonic clock without a system call. */
void wsig_os_set_fast_clock(int (*clock)(clockid_t, struct timespec *));

static inline struct timespec wsig_os_timespec(uint64_t ns) {
  const uint64_t ns_per_s = UINT64_C(1000000000);
  return (struct timespec){(time_t)(ns / ns_per_s), (long)(ns % ns_per_s)};
}

/* Reads or writes a word of this process through the kernel, which ignores
 * protection keys. False, and no fault, if the kernel refuses. */
bool wsig_os_peek(const uint32_t *word, uint32_t *value);
bool wsig_os_poke(uint32_t *word, uint32_t value);

/* Wakes the threads that wait for the word in wsig_os_wait. */
void wsig_os_wake(uint32_t *word);

#endif
