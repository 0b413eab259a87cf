/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The handlers: that of forwarded signals raises, that of the timers looks at
 * the thread's sections. What is not theirs, or not theirs alone, they hand on
 * to who handled the signal before.
 *
 * With raise.c, section.c and os/linux_handler.c this is all code of the
 * library that may run in a signal handler; scripts/check-handler-symbols sees
 * in the build that it calls nothing that is not async-signal-safe
 * (POSIX.1-2017, 2.4.3).
 *
 * `insist` and `before` are stored before the handler is installed, and not
 * changed as long as it may run (forward.c).
 */
#include "forward.h"

#include "atomics.h"
#include "budget.h"
#include "registry.h"

#include <errno.h>

struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

struct sigaction wsig_timer_before[WASMSIG_SIGNAL_MAX + 1];
char wsig_timer_tag;

static bool is_of_our_timers(const siginfo_t *info) {
  return info->si_code == SI_TIMER &&
         info->si_value.sival_ptr == &wsig_timer_tag;
}

static void restore_default(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

/* Lets the process have the signal as if nobody had ever handled it. */
static void take_default_action(int signal) {
  sigset_t only;
  restore_default(signal);
  raise(signal); /* blocked while its handler runs: waits for the next line */
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

static void call_handler_before(const struct sigaction *before, int signal,
                                siginfo_t *info, void *ucontext) {
  /* As the kernel does for a handler that is for one signal only: it counts
   * on the default action when it raises the signal again. */
  if (before->sa_flags & (int)SA_RESETHAND) restore_default(signal);
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(signal, info, ucontext);
  else if (wsig_has_handler(before))
    before->sa_handler(signal);
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

static bool ends_the_process(const struct wsig_forward *forward, int signal,
                             uint64_t reached, uint64_t unanswered) {
  if (is_harmless(signal)) return false;
  if (forward->insist > 0 && unanswered >= (uint64_t)forward->insist)
    return true;
  return is_unhandled(handled_before(forward, signal)) && reached == 0;
}

/* Asks the guests; answers whether the process is to die of it. */
static bool ask_guests(struct wsig_forward *forward, int signal) {
  struct wsig_raised raised = wsig_process_raise(signal);
  uint64_t unanswered = 0;
  if (raised.fresh) wsig_store_relaxed(&forward->unanswered, 0);
  if (raised.reached)
    unanswered = wsig_add_relaxed(&forward->unanswered, 1) + 1;
  wsig_store_relaxed(&forward->reached, raised.reached);
  /* Release: who sees this delivery counted sees whom it reached. */
  wsig_add_release(&forward->deliveries, 1);
  return ends_the_process(forward, signal, raised.reached, unanswered);
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
    take_default_action(signal);
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
    take_default_action(signal);
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
