/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "process/fault_signals.h"

#include "process/end.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};

#define FAULTS (sizeof faults / sizeof *faults)

static bool was_ignored[FAULTS];
static struct sigaction engines[FAULTS];

static size_t number_of(int signal) {
  size_t i = 0;
  while (i < FAULTS - 1 && faults[i] != signal) i++;
  return i;
}

static void pass_on(int signal, siginfo_t *info, void *ucontext) {
  const struct sigaction *engine = &engines[number_of(signal)];
  if (engine->sa_flags & SA_SIGINFO)
    engine->sa_sigaction(signal, info, ucontext);
  else if (engine->sa_handler != SIG_DFL && engine->sa_handler != SIG_IGN)
    engine->sa_handler(signal);
  else /* the fault comes again, and ends the process */
    sigaction(signal, engine, NULL);
}

/* A code above 0 is the kernel's: sigaction(2). */
static void on_fault(int signal, siginfo_t *info, void *ucontext) {
  int saved_errno = errno;
  if (info->si_code > 0)
    pass_on(signal, info, ucontext); /* it may not come back */
  else if (!was_ignored[number_of(signal)])
    cli_end_by_signal(signal);
  errno = saved_errno;
}

void cli_faults_prepare(void) {
  for (size_t i = 0; i < FAULTS; i++) {
    struct sigaction now;
    was_ignored[i] =
        sigaction(faults[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
  }
}

void cli_faults_take(void) {
  for (size_t i = 0; i < FAULTS; i++) {
    if (sigaction(faults[i], NULL, &engines[i]) != 0) continue;
    struct sigaction ours = engines[i];
    ours.sa_flags |= SA_SIGINFO | SA_ONSTACK;
    ours.sa_sigaction = on_fault;
    sigaction(faults[i], &ours, NULL);
  }
}
