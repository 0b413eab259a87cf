/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Actions of signals (sigaction(2)), as our handlers pass a signal on to the
 * one that they replaced. All of it may run in a signal handler.
 */
#ifndef WSIG_OS_SIGNAL_ACTION_H
#define WSIG_OS_SIGNAL_ACTION_H

#include <signal.h>
#include <stdbool.h>

static inline bool wsig_os_has_handler(const struct sigaction *action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}
static inline bool wsig_os_is_default_action(const struct sigaction *action) {
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* The signal's default action is that nothing happens. signal(7) */
static inline bool wsig_os_is_harmless(int signal) {
  return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
         signal == SIGWINCH;
}

/* Calls the action's handler, if it has one, as the kernel would. */
void wsig_os_call_action(const struct sigaction *action, int signal,
                         siginfo_t *info, void *ucontext);

#endif
