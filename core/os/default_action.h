/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a signal does to a process that has no handler for it. For signal
 * handlers too, of the core, of adapters and of the command. */
#ifndef WSIG_OS_DEFAULT_ACTION_H
#define WSIG_OS_DEFAULT_ACTION_H

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static inline void wsig_os_restore_default(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

/* As _exit(2). The compiler does not know that it never returns: in front of
 * such a call GCC's address sanitizer allocates memory, which a handler that
 * has interrupted an allocation cannot. */
static inline void wsig_os_exit(int status) {
  void (*volatile exit_now)(int) = _exit;
  exit_now(status);
}

/* Ends the process as if the signal had never had a handler. Where the default
 * action does not end it, the process exits with the status that a shell shows
 * for the signal: the kernel delivers no signal with its default action to the
 * first process of a container (pid_namespaces(7)). */
static inline void wsig_os_take_default_action(int signal) {
  sigset_t only;
  wsig_os_restore_default(signal);
  raise(signal); /* blocked while its handler runs: waits for the next lines */
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  wsig_os_exit(128 + signal);
}

#endif
