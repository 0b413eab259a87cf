/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Waiting for a signal: sigsuspend, pause, sigwait and similar functions.
 *
 * A host that knows of waits ends them when it raises a signal. For other
 * hosts, the guest wakes every 20 ms to check whether the word has changed,
 * until a wait has ended early once. Without a host that raises signals, the
 * guest waits only for its own timers.
 *
 * No signal is missed. A signal that came earlier is pending, and is checked
 * right before the host's call. A signal that comes later is in the word, which
 * the host checks.
 */
#include "duration.h"
#include "host.h"
#include "internal.h"

#include <stddef.h>
#include <time.h>
#include <unistd.h>

/* A program may define it itself. */
#pragma weak pause

#define SLICE_NS UINT64_C(20000000)

static bool host_ends_waits;

uint64_t wsig_wait_limit_ns(uint64_t deadline_ns) {
  uint64_t timers_ns = WSIG_NEVER;
  if (wsig_timers_deadline_ns) timers_ns = wsig_timers_deadline_ns();
  if (timers_ns < deadline_ns) deadline_ns = timers_ns;
  if (host_ends_waits || !wsig_is_hosted()) return deadline_ns;
  uint64_t slice_ns = wsig_now_ns() + SLICE_NS;
  return slice_ns < deadline_ns ? slice_ns : deadline_ns;
}

void wsig_waited(uint64_t limit_ns) {
  if (limit_ns > wsig_now_ns() + SLICE_NS / 4 && wsig_see_word() != 0)
    host_ends_waits = true;
}

void wsig_wait(uint64_t deadline_ns, uint64_t wanted) {
  __wasi_event_t event;
  __wasi_size_t count;
  uint64_t limit_ns = wsig_wait_limit_ns(deadline_ns);
  uint64_t now = wsig_now_ns();
  __wasi_subscription_t time =
      wsig_subscription(limit_ns > now ? limit_ns - now : 0, 0);
  uint64_t begin_ns = wsig_wait_begins();
  /* A poll after the caller's check may have taken the word. There is no poll
   * between here and the host's call. */
  if (wsig.pending & (wanted | ~wsig.blocked)) return;
  wsig_host_poll_oneoff(WSIG_ADDRESS(&time), WSIG_ADDRESS(&event), 1,
                        WSIG_ADDRESS(&count));
  wsig_wait_is_over(begin_ns);
  wsig_waited(limit_ns);
  wsig_take();
  if (wsig_check_timers) wsig_check_timers();
}

/* ----------------------------------------------------- until a handler ran */

int sigsuspend(const sigset_t *set) {
  wsig_enter();
  uint64_t blocked = wsig.blocked;
  uint32_t handled = wsig.handled;
  wsig.blocked = set->__bits & ~WSIG_UNTOUCHABLE;
  wsig_run();
  while (wsig.handled == handled) {
    wsig_wait(WSIG_NEVER, 0);
    wsig_run();
  }
  wsig.blocked = blocked;
  wsig_run();
  wsig_leave();
  return wsig_result(EINTR);
}

int pause(void) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  return sigsuspend(&set);
}

int sigpause(int signal) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  if (sigdelset(&set, signal) != 0) return -1;
  return sigsuspend(&set);
}

/* ------------------------------------------------- until one can be taken */

/* Returns the signal, or a negative error number. */
static int take_one(uint64_t wanted, siginfo_t *info, uint64_t deadline_ns) {
  uint32_t handled = wsig.handled;
  for (;;) {
    int signal = wsig_accept(wanted, info);
    if (signal) return signal;
    wsig_run();
    if (wsig.handled != handled) return -EINTR;
    if (wsig_now_ns() >= deadline_ns) return -EAGAIN;
    wsig_wait(deadline_ns, wanted);
  }
}

static int accept_one(const sigset_t *set, siginfo_t *info,
                      uint64_t deadline_ns) {
  wsig_enter();
  int signal = take_one(set->__bits & ~WSIG_UNTOUCHABLE, info, deadline_ns);
  wsig_run();
  wsig_leave();
  return signal;
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout) {
  siginfo_t unwanted;
  uint64_t deadline_ns = WSIG_NEVER;
  if (timeout) {
    if (!wsig_is_duration(timeout->tv_sec, timeout->tv_nsec, WSIG_NS_PER_S))
      return wsig_result(EINVAL);
    deadline_ns = wsig_now_ns() + wsig_ns_of(timeout->tv_sec, timeout->tv_nsec);
  }
  int signal = accept_one(set, info ? info : &unwanted, deadline_ns);
  return signal < 0 ? wsig_result(-signal) : signal;
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) {
  return sigtimedwait(set, info, NULL);
}

/* Unlike the others, no handler ends it. */
int sigwait(const sigset_t *restrict set, int *restrict signal) {
  siginfo_t info;
  do *signal = accept_one(set, &info, WSIG_NEVER);
  while (*signal == -EINTR);
  return 0;
}
