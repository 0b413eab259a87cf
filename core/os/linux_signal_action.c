/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux: actions of signals, called from inside a handler. */
#include "os/signal_action.h"

#include "os/default_action.h"

#include <ucontext.h>

#define MOST_SIGNALS 64

/* Blocks what the kernel would have blocked around the handler (sigaction(2)):
 * the signals that were blocked where it interrupts, the signals of its own
 * mask, and its own signal. */
static void block_as_installed(const struct sigaction *action, int signal,
                               const ucontext_t *interrupted, sigset_t *ours) {
  sigset_t mask = action->sa_mask;
  /* NULL: a handler installed over ours has not passed it on. */
  for (int each = 1; interrupted && each <= MOST_SIGNALS; each++)
    if (sigismember(&interrupted->uc_sigmask, each) == 1)
      sigaddset(&mask, each);
  if (!(action->sa_flags & (int)SA_NODEFER)) sigaddset(&mask, signal);
  pthread_sigmask(SIG_SETMASK, &mask, ours);
}

void wsig_os_call_action(const struct sigaction *action, int signal,
                         siginfo_t *info, void *ucontext) {
  /* As the kernel does for a one-shot handler: it relies on the default action
   * when it raises the signal again. */
  if (action->sa_flags & (int)SA_RESETHAND) wsig_os_restore_default(signal);
  if (!wsig_os_has_handler(action)) return;
  sigset_t ours;
  block_as_installed(action, signal, ucontext, &ours);
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction(signal, info, ucontext);
  else
    action->sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &ours, NULL);
}
