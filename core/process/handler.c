/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The handler of forwarded signals. It raises the signal for the guests. Then
 * it calls the action that it replaced, or the process dies of the signal.
 *
 * scripts/check-handler-symbols names the files whose code the library itself
 * runs in a signal handler, this one among them. It checks in the build that
 * they call nothing that is not async-signal-safe (POSIX.1-2017, 2.4.3). A
 * program's handler may also enter and leave sections (host.h). The script does
 * not check those files (budgets/enter_leave.c and what it calls): they take
 * locks, and host.h states the conditions under which that is safe.
 *
 * `insist` and `previous` are stored before the handler is installed, and do
 * not change as long as it may run (forward.c).
 */
#include "process/forward.h"

#include "atomics.h"
#include "budgets/timers.h"
#include "os/default_action.h"
#include "os/handler.h"
#include "os/signal_action.h"
#include "signals/registry.h"

#include <errno.h>

struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

/* The action that ours replaced, the timers' handler apart. */
static const struct sigaction *previous_action(
    const struct wsig_forward *forward, int signal) {
  return wsig_is_timer_action(&forward->previous) ? &wsig_timer_previous[signal]
                                                  : &forward->previous;
}

/* Within this time, the same signal is no second request: one key press or one
 * timeout(1) may send it twice, to the process and to its group. */
#define GRACE_NS UINT64_C(200000000)

/* This is a second request, not a repetition of the first one. */
static bool is_second(struct wsig_forward *forward) {
  uint64_t now = wsig_os_monotonic_ns();
  uint64_t first = wsig_load_relaxed(&forward->requested_ns);
  if (first == 0) wsig_store_relaxed(&forward->requested_ns, now);
  return first != 0 && now - first >= GRACE_NS;
}

/* Whether the signal must take its default action, as far as the guests are
 * concerned: the rule is at wasmsig_forward_is_due(). */
static bool is_due(struct wsig_forward *forward, int signal,
                   const struct wsig_raised *raised) {
  if (wsig_os_is_harmless(signal)) return false;
  if (raised->reached == 0) return true;
  bool unhandled = raised->handled == 0 && raised->silent == 0;
  /* A guest that handles no signal, but reads the word, may see one SIGINT. */
  if (unhandled) return signal != SIGINT || is_second(forward);
  if (forward->insist > 0) return false; /* has_insisted has the rule */
  if (raised->fresh) wsig_store_relaxed(&forward->requested_ns, 0);
  return is_second(forward);
}

static bool has_insisted(const struct wsig_forward *forward, int signal,
                         uint64_t unanswered) {
  return forward->insist > 0 && unanswered >= (uint64_t)forward->insist &&
         !wsig_os_is_harmless(signal);
}

/* Raises the signal; answers whether the process must die of it. */
static bool raise_for_guests(struct wsig_forward *forward, int signal) {
  struct wsig_raised raised = wsig_process_raise(signal);
  uint64_t unanswered = 0;
  if (raised.fresh) wsig_store_relaxed(&forward->unanswered, 0);
  if (raised.reached)
    unanswered = wsig_add_relaxed(&forward->unanswered, 1) + 1;
  bool due = is_due(forward, signal, &raised);
  wsig_store_relaxed(&forward->due, due);
  wsig_store_relaxed(&forward->reached, raised.reached);
  wsig_store_relaxed(&forward->handled, raised.handled);
  /* Release: a thread that reads this count reads how many it reached. */
  wsig_add_release(&forward->deliveries, 1);
  return has_insisted(forward, signal, unanswered) ||
         (due && wsig_os_is_default_action(previous_action(forward, signal)));
}

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext) {
  if (wsig_is_of_our_timers(info)) {
    wsig_timer_handler(signal, info, ucontext);
    return;
  }
  int saved_errno = errno;
  struct wsig_forward *forward = &wsig_forwards[signal];
  /* Not active: it was stopped, but a handler over ours still calls it. */
  bool dies =
      wsig_load_relaxed(&forward->active) && raise_for_guests(forward, signal);
  if (dies)
    wsig_os_take_default_action(signal);
  else
    wsig_os_call_action(previous_action(forward, signal), signal, info,
                        ucontext);
  errno = saved_errno;
}
