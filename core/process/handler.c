/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The handlers: that of forwarded signals raises, that of the timers looks at
 * the thread's sections. What is not theirs, or not theirs alone, they hand on
 * to who handled the signal before.
 *
 * With raise.c, section.c and os/linux_handler.c this is all code that the
 * library itself runs in a signal handler (a program's handler may enter and
 * leave: spend.c); scripts/check-handler-symbols sees
 * in the build that it calls nothing that is not async-signal-safe
 * (POSIX.1-2017, 2.4.3).
 *
 * `insist` and `before` are stored before the handler is installed, and not
 * changed as long as it may run (forward.c).
 */
#include "process/forward.h"

#include "atomics.h"
#include "budgets/budget.h"
#include "os/default_action.h"
#include "os/handler.h"
#include "signals/registry.h"

#include <errno.h>
#include <ucontext.h>
#include <unistd.h>

struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

struct sigaction wsig_timer_before[WASMSIG_SIGNAL_MAX + 1];
char wsig_timer_tag;

static bool is_of_our_timers(const siginfo_t *info) {
  return info->si_code == SI_TIMER &&
         info->si_value.sival_ptr == &wsig_timer_tag;
}

/* What the kernel would have blocked around a handler (sigaction(2)): what was
 * blocked where it interrupts, its own mask and its own signal. */
static void block_as_installed(const struct sigaction *action, int signal,
                               const ucontext_t *interrupted, sigset_t *ours) {
  sigset_t mask = action->sa_mask;
  /* NULL: somebody over ours has not passed it on. */
  for (int each = 1; interrupted && each <= WASMSIG_SIGNAL_MAX; each++)
    if (sigismember(&interrupted->uc_sigmask, each) == 1)
      sigaddset(&mask, each);
  if (!(action->sa_flags & (int)SA_NODEFER)) sigaddset(&mask, signal);
  pthread_sigmask(SIG_SETMASK, &mask, ours);
}

static void call_handler_before(const struct sigaction *before, int signal,
                                siginfo_t *info, void *ucontext) {
  /* As the kernel does for a handler that is for one signal only: it counts
   * on the default action when it raises the signal again. */
  if (before->sa_flags & (int)SA_RESETHAND) wsig_os_restore_default(signal);
  if (!wsig_has_handler(before)) return;
  sigset_t ours;
  block_as_installed(before, signal, ucontext, &ours);
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(signal, info, ucontext);
  else
    before->sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &ours, NULL);
}

/* Signals whose default action is that nothing happens. signal(7). */
static bool is_harmless(int signal) {
  return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
         signal == SIGWINCH;
}

static bool is_unhandled(const struct sigaction *action) {
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* Who handled the signal before us, our timers' handler apart. */
static const struct sigaction *handled_before(
    const struct wsig_forward *forward, int signal) {
  return wsig_is_timers(&forward->before) ? &wsig_timer_before[signal]
                                          : &forward->before;
}

/* How long a guest has for its answer before the same signal counts as a second
 * request: one key or one timeout(1) may well send it twice, to the process and
 * to its group. */
#define GRACE_NS UINT64_C(200000000)

/* The second request, and not the first once more. */
static bool is_again(struct wsig_forward *forward) {
  uint64_t now = wsig_os_monotonic_ns();
  uint64_t asked = wsig_load_relaxed(&forward->asked_ns);
  if (asked == 0) wsig_store_relaxed(&forward->asked_ns, now);
  return asked != 0 && now - asked >= GRACE_NS;
}

/* Whether the signal is to do what it does by default, as far as the guests
 * that were reached go: wasmsig_forward_is_due() has the rule. */
static bool is_due(struct wsig_forward *forward, int signal,
                   const struct wsig_raised *raised) {
  if (is_harmless(signal)) return false;
  if (raised->reached == 0) return true;
  bool nobody = raised->handled == 0 && raised->silent == 0;
  /* One that only compares what its polls tell is told of a key once. */
  if (nobody) return signal != SIGINT || is_again(forward);
  if (forward->insist > 0) return false; /* it has a rule of its own */
  if (raised->fresh) wsig_store_relaxed(&forward->asked_ns, 0);
  return is_again(forward);
}

static bool has_insisted(const struct wsig_forward *forward, int signal,
                         uint64_t unanswered) {
  return forward->insist > 0 && unanswered >= (uint64_t)forward->insist &&
         !is_harmless(signal);
}

/* Asks the guests; answers whether the process is to die of it. */
static bool ask_guests(struct wsig_forward *forward, int signal) {
  struct wsig_raised raised = wsig_process_raise(signal);
  uint64_t unanswered = 0;
  if (raised.fresh) wsig_store_relaxed(&forward->unanswered, 0);
  if (raised.reached)
    unanswered = wsig_add_relaxed(&forward->unanswered, 1) + 1;
  bool due = is_due(forward, signal, &raised);
  wsig_store_relaxed(&forward->due, due);
  wsig_store_relaxed(&forward->reached, raised.reached);
  /* Release: who sees this delivery counted sees whom it reached. */
  wsig_add_release(&forward->deliveries, 1);
  return has_insisted(forward, signal, unanswered) ||
         (due && is_unhandled(handled_before(forward, signal)));
}

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext) {
  if (is_of_our_timers(info)) {
    wsig_timer_handler(signal, info, ucontext);
    return;
  }
  int saved_errno = errno;
  struct wsig_forward *forward = &wsig_forwards[signal];
  /* Stopped, but somebody's handler that stands over ours still calls it. */
  bool dies =
      wsig_load_relaxed(&forward->active) && ask_guests(forward, signal);
  if (dies)
    wsig_os_take_default_action(signal);
  else
    call_handler_before(handled_before(forward, signal), signal, info,
                        ucontext);
  errno = saved_errno;
}

/* ------------------------------------------------------------------ timers */

/* Somebody else's, who happens to use this signal too. */
static void hand_on(int signal, siginfo_t *info, void *ucontext) {
  struct sigaction before = wsig_timer_before[signal];
  /* For one signal only; ours stays where it is, though. */
  if (before.sa_flags & (int)SA_RESETHAND) {
    before.sa_flags &= ~(int)SA_RESETHAND;
    wsig_timer_before[signal].sa_flags = 0;
    wsig_timer_before[signal].sa_handler = SIG_DFL;
  }
  if (is_unhandled(&before) && !is_harmless(signal))
    wsig_os_take_default_action(signal);
  else
    call_handler_before(&before, signal, info, ucontext);
}

/* Somebody's handler may stand over ours and call it with other signals open:
 * a handler that comes in between must not begin a call about budgets. */
static void look_at_own_sections(void) {
  struct wsig_thread *thread = wsig_here;
  if (!thread) return; /* the thread ends */
  uint32_t inside = wsig_load_relaxed(&thread->inside);
  wsig_store_relaxed(&thread->inside, 1);
  wsig_handler_fence();
  wsig_thread_fire(thread);
  wsig_handler_fence();
  wsig_store_relaxed(&thread->inside, inside);
}

void wsig_timer_handler(int signal, siginfo_t *info, void *ucontext) {
  int saved_errno = errno;
  if (is_of_our_timers(info)) {
    wsig_add_relaxed(&wsig_statistics.fires, 1);
    look_at_own_sections();
  } else {
    hand_on(signal, info, ucontext);
  }
  errno = saved_errno;
}
