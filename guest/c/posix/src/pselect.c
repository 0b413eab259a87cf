/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * select and poll with a signal mask. wasi-libc's pselect ignores the mask, and
 * its set of signals is another type. So <sys/select.h> here gives the function
 * another name. wasi-libc has no ppoll.
 *
 * The state is held until poll_oneoff counts the handlers that were called
 * (poll.c). So any handler that runs after the change of the mask ends the
 * wait.
 */
#include "duration.h"
#include "internal.h"

#include <limits.h>
#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

/* A program may define it itself. */
#pragma weak ppoll

int wsig_libc_pselect(int, fd_set *restrict, fd_set *restrict, fd_set *restrict,
                      const struct timespec *restrict,
                      const void *restrict) __asm__("pselect");

struct mask {
  uint64_t before;
  bool is_over; /* the handlers of unblocked signals have run */
};

static struct mask begin(const sigset_t *set) {
  wsig_enter();
  struct mask mask = {.before = wsig.blocked};
  uint32_t handled = wsig.handled;
  wsig.blocked = set->__bits & ~WSIG_UNTOUCHABLE;
  wsig_run();
  mask.is_over = wsig.handled != handled;
  return mask;
}

static void end(struct mask mask) {
  wsig_enter();
  wsig.blocked = mask.before;
  wsig_run();
  wsig_leave();
}

/* Without files and time: wasi-libc cannot wait like this. */
static int wait_for_signal(const sigset_t *set) {
  return set ? sigsuspend(set) : pause();
}

int pselect(int count, fd_set *restrict to_read, fd_set *restrict to_write,
            fd_set *restrict other, const struct timespec *restrict timeout,
            const sigset_t *restrict set) {
  if (count == 0 && !timeout) return wait_for_signal(set);
  if (!set)
    return wsig_libc_pselect(count, to_read, to_write, other, timeout, NULL);
  struct mask mask = begin(set);
  int result = mask.is_over ? wsig_result(EINTR)
                            : wsig_libc_pselect(count, to_read, to_write, other,
                                                timeout, NULL);
  end(mask);
  return result;
}

/* Rounds up, so that no wait ends too early. If the time is too long for poll,
 * which can wait for some 24 days, the wait has no end. */
static int ms_of(const struct timespec *timeout) {
  uint64_t ns = wsig_ns_of(timeout->tv_sec, timeout->tv_nsec);
  uint64_t ms = (ns + 999999) / 1000000;
  return ms <= INT_MAX ? (int)ms : -1;
}

int ppoll(struct pollfd *files, nfds_t count, const struct timespec *timeout,
          const sigset_t *set) {
  if (timeout &&
      !wsig_is_duration(timeout->tv_sec, timeout->tv_nsec, WSIG_NS_PER_S))
    return wsig_result(EINVAL);
  if (count == 0 && !timeout) return wait_for_signal(set);
  int ms = timeout ? ms_of(timeout) : -1;
  if (!set) return poll(files, count, ms);
  struct mask mask = begin(set);
  int result = mask.is_over ? wsig_result(EINTR) : poll(files, count, ms);
  end(mask);
  return result;
}
