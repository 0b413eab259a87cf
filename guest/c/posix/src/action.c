/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The actions for signals. */
#include "internal.h"

#include <stddef.h>

/* A program may define these itself, for systems that lack them. */
#pragma weak bsd_signal
#pragma weak siginterrupt
#pragma weak sigignore
#pragma weak sigaltstack

static void set_action(int signal, const struct sigaction *action) {
  wsig.actions[signal].sa_handler = action->sa_handler;
  wsig.actions[signal].sa_mask.__bits = action->sa_mask.__bits;
  wsig.actions[signal].sa_flags = action->sa_flags;
  /* POSIX: a pending signal is discarded, whether it is blocked or not. */
  if (wsig_is_ignored(signal)) wsig.pending &= ~WSIG_BIT(signal);
}

static void get_action(int signal, struct sigaction *action) {
  *action = (struct sigaction){0};
  action->sa_handler = wsig.actions[signal].sa_handler;
  action->sa_mask.__bits = wsig.actions[signal].sa_mask.__bits;
  action->sa_flags = wsig.actions[signal].sa_flags;
}

int sigaction(int signal, const struct sigaction *restrict action,
              struct sigaction *restrict before) {
  struct sigaction was;
  if (signal < 1 || signal > WSIG_LAST) return wsig_result(EINVAL);
  if (action && (WSIG_BIT(signal) & WSIG_UNTOUCHABLE))
    return wsig_result(EINVAL);
  wsig_enter();
  /* Signals that came before the new action get the old one. */
  wsig_run();
  get_action(signal, &was);
  if (action) set_action(signal, action);
  wsig_run();
  wsig_leave();
  if (before) *before = was;
  return 0;
}

/* siginterrupt(3) applies to handlers set by signal(3), now and later. */
static uint64_t interrupting;

/* As in the BSDs and glibc: the handler stays, and calls are restarted. */
void (*signal(int signal, void (*handler)(int)))(int) {
  struct sigaction action = {.sa_flags = SA_RESTART}, before;
  if (handler == SIG_ERR) return wsig_result(EINVAL), SIG_ERR;
  if (signal >= 1 && signal <= WSIG_LAST && (interrupting & WSIG_BIT(signal)))
    action.sa_flags = 0;
  action.sa_handler = handler;
  if (sigaction(signal, &action, &before) != 0) return SIG_ERR;
  return before.sa_handler;
}

void (*bsd_signal(int number, void (*handler)(int)))(int) {
  return signal(number, handler);
}

int siginterrupt(int signal, int interrupts) {
  struct sigaction action;
  if (sigaction(signal, NULL, &action) != 0) return -1;
  if (interrupts) {
    interrupting |= WSIG_BIT(signal);
    action.sa_flags &= ~SA_RESTART;
  } else {
    interrupting &= ~WSIG_BIT(signal);
    action.sa_flags |= SA_RESTART;
  }
  return sigaction(signal, &action, NULL);
}

int sigignore(int number) {
  return signal(number, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* A guest has only one stack, and handlers run on it. */
int sigaltstack(const stack_t *restrict stack, stack_t *restrict before) {
  (void)stack, (void)before;
  return wsig_result(ENOSYS);
}
