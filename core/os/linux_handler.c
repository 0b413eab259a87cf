/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Linux, in signal handlers: only system calls.
 *
 * process_vm_readv(2) and process_vm_writev(2) on the own process return EFAULT
 * where a load or a store would fault. They ignore protection keys, which
 * restrict user mode only. If a seccomp filter forbids them, they return EPERM.
 * The C standard does not call such a write atomic. For a signal's number that
 * does not matter, because only its lowest byte is not 0.
 */
#include "os/handler.h"

#include "atomics.h"
#include "os/linux_syscall.h"
#include "os/linux_vdso.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t to_ns(const struct timespec *time) {
  return (uint64_t)time->tv_sec * UINT64_C(1000000000) +
         (uint64_t)time->tv_nsec;
}

/* Reads a clock without a system call; NULL: there is no such function, or it
 * was not searched for yet. Atomic. */
static wsig_clock_function fast_clock;

#if WSIG_HAS_SYSCALL

static int read_clock(clockid_t id, struct timespec *now) {
  return (int)wsig_syscall(SYS_clock_gettime, id, (long)now, 0, 0, 0, 0);
}

static bool set_timer(timer_t id, uint64_t at_ns) {
  struct itimerspec at = {.it_value = wsig_os_timespec(at_ns)};
  return wsig_syscall(SYS_timer_settime, (long)(intptr_t)id, TIMER_ABSTIME,
                      (long)&at, 0, 0, 0) == 0;
}

static void futex(uint32_t *word, int operation, uint32_t value) {
  wsig_syscall(SYS_futex, (long)word, operation, value, 0, 0, 0);
}

#else

/* clock_gettime and timer_settime are in POSIX's list of async-signal-safe
 * functions. */
static int read_clock(clockid_t id, struct timespec *now) {
  return clock_gettime(id, now);
}

static bool set_timer(timer_t id, uint64_t at_ns) {
  struct itimerspec at = {.it_value = wsig_os_timespec(at_ns)};
  return timer_settime(id, TIMER_ABSTIME, &at, NULL) == 0;
}

static void futex(uint32_t *word, int operation, uint32_t value) {
  int saved_errno = errno;
  syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
  errno = saved_errno;
}

#endif

bool wsig_os_timer_set(struct wsig_timer *timer, uint64_t at_ns) {
  return set_timer(timer->id, at_ns);
}

void wsig_os_timer_set_cpu(struct wsig_timer *timer, uint64_t at_cpu_ns) {
  if (timer->made && timer->cpu_made) set_timer(timer->cpu_id, at_cpu_ns);
}

uint64_t wsig_os_monotonic_ns(void) {
  struct timespec now = {0};
  wsig_clock_function fast = wsig_load_relaxed(&fast_clock);
  if (!fast || fast(CLOCK_MONOTONIC, &now) != 0)
    read_clock(CLOCK_MONOTONIC, &now);
  return to_ns(&now);
}

void wsig_os_set_fast_clock(int (*clock)(clockid_t, struct timespec *)) {
  wsig_store_relaxed(&fast_clock, clock);
}

bool wsig_os_cpu_ns(clockid_t id, uint64_t *ns) {
  struct timespec now = {0};
  if (read_clock(id, &now) != 0) return false;
  *ns = to_ns(&now);
  return true;
}

/* Voluntary context switches: getrusage(2). */
uint64_t wsig_os_sleeps(void) {
  struct rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : 0;
}

typedef ssize_t (*transfer)(pid_t pid, const struct iovec *local,
                            unsigned long local_count,
                            const struct iovec *remote,
                            unsigned long remote_count, unsigned long flags);

static bool move_word(transfer how, void *mine, void *word) {
  int saved_errno = errno;
  struct iovec local = {mine, sizeof(uint32_t)};
  struct iovec remote = {word, sizeof(uint32_t)};
  bool moved = how(getpid(), &local, 1, &remote, 1, 0) == sizeof(uint32_t);
  errno = saved_errno;
  return moved;
}

bool wsig_os_peek(const uint32_t *word, uint32_t *value) {
  return move_word(process_vm_readv, value, (void *)(uintptr_t)word);
}

bool wsig_os_poke(uint32_t *word, uint32_t value) {
  return move_word(process_vm_writev, &value, word);
}

/* FUTEX_WAKE of futex(2): glibc has no function of that name. */
void wsig_os_wake(uint32_t *word) { futex(word, FUTEX_WAKE_PRIVATE, INT_MAX); }
