/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The handler of the timers' signal: it checks the sections of its thread. A
 * signal that is not our timers' goes to the action that the handler replaced.
 * All code here runs in a signal handler.
 */
#include "budgets/thread_lock.h"
#include "budgets/timers.h"
#include "os/default_action.h"
#include "os/signal_action.h"
#include "signals/registry.h"

#include <errno.h>

struct sigaction wsig_timer_previous[WASMSIG_SIGNAL_MAX + 1];
char wsig_timer_tag;

/* The signal was sent by other code that also uses this number. */
static void call_previous(int signal, siginfo_t *info, void *ucontext) {
  struct sigaction previous = wsig_timer_previous[signal];
  /* A one-shot handler runs once, but ours stays installed. */
  if (previous.sa_flags & (int)SA_RESETHAND) {
    previous.sa_flags &= ~(int)SA_RESETHAND;
    wsig_timer_previous[signal].sa_flags = 0;
    wsig_timer_previous[signal].sa_handler = SIG_DFL;
  }
  if (wsig_os_is_default_action(&previous) && !wsig_os_is_harmless(signal))
    wsig_os_take_default_action(signal);
  else
    wsig_os_call_action(&previous, signal, info, ucontext);
}

/* A handler installed over ours may call it with other signals unblocked: a
 * handler that interrupts it must not begin a call about budgets. */
static void check_own_sections(void) {
  struct wsig_thread *thread = wsig_here;
  if (!thread) return; /* the thread ends */
  uint32_t in_call = wsig_load_relaxed(&thread->in_call);
  wsig_store_relaxed(&thread->in_call, 1);
  wsig_handler_fence();
  wsig_thread_fire(thread);
  wsig_handler_fence();
  wsig_store_relaxed(&thread->in_call, in_call);
}

void wsig_timer_handler(int signal, siginfo_t *info, void *ucontext) {
  int saved_errno = errno;
  if (wsig_is_of_our_timers(info)) {
    wsig_add_relaxed(&wsig_statistics.fires, 1);
    check_own_sections();
  } else {
    call_previous(signal, info, ucontext);
  }
  errno = saved_errno;
}
