/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Trap: a signal handler after each machine instruction (x86-64).
 *
 * The processor's trap flag is set in the thread itself: after every
 * instruction the kernel delivers SIGTRAP there. The kernel clears the flag for
 * the handler and sets it again when the handler returns, so the handler runs
 * at full speed, and may set it again to be stepped itself.
 *
 * Why not a debugger's ptrace(2): the signal that a tracer would have to inject
 * at each stop is the stop here. That is one trap an instruction instead of
 * three stops with two switches of processes each, which leaves time to try all
 * calls at every instruction; handlers can be stepped in handlers; several
 * threads can be stepped at once; and it works where ptrace is forbidden, as in
 * many containers. What cannot be stepped is the same for both: the kernel's
 * side of a system call, and the instruction after a load of the stack segment.
 */
#ifndef WSIG_TEST_TRAP_H
#define WSIG_TEST_TRAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

#define TRAP_FLAG UINT64_C(0x100)

static inline void trap_on(void) {
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
}

static inline void trap_off(void) {
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
}

/* In a handler: what it interrupted is stepped no further. */
static inline void trap_end(void *context) {
  ucontext_t *interrupted = context;
  interrupted->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

static inline void trap_install(void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler,
                             .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTRAP, &action, NULL);
}

static inline uintptr_t trap_address(const void *context) {
  const ucontext_t *interrupted = context;
  return (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
}

/* How many addresses were seen, each counted once. */
#define TRAP_ADDRESSES 32768u
struct trap_coverage {
  uint64_t steps;
  uint64_t addresses;
  uintptr_t seen[TRAP_ADDRESSES];
};

static inline void trap_cover(struct trap_coverage *coverage,
                              uintptr_t address) {
  uint32_t at =
      (uint32_t)((uint64_t)address * UINT64_C(0x9e3779b97f4a7c15) >> 49);
  coverage->steps++;
  if (coverage->addresses > TRAP_ADDRESSES / 2) return;
  while (coverage->seen[at] && coverage->seen[at] != address)
    at = (at + 1) % TRAP_ADDRESSES;
  if (coverage->seen[at] == address) return;
  coverage->seen[at] = address;
  coverage->addresses++;
}

static inline void trap_report(const char *what,
                               const struct trap_coverage *coverage) {
  printf("%-40s %7llu instructions, %5llu addresses\n", what,
         (unsigned long long)coverage->steps,
         (unsigned long long)coverage->addresses);
  fflush(stdout);
}

#endif
