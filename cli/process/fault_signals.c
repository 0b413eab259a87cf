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
static struct sigaction engine_actions[FAULTS];

static size_t index_of(int signal) {
  size_t i = 0;
  while (i < FAULTS - 1 && faults[i] != signal) i++;
  return i;
}

static void call_engine(int signal, siginfo_t *info, void *ucontext) {
  const struct sigaction *engine = &engine_actions[index_of(signal)];
  if (engine->sa_flags & SA_SIGINFO)
    engine->sa_sigaction(signal, info, ucontext);
  else if (engine->sa_handler != SIG_DFL && engine->sa_handler != SIG_IGN)
    engine->sa_handler(signal);
  else /* the instruction faults again, and the process ends */
    sigaction(signal, engine, NULL);
}

/* Code or data of a compiled file that was made shorter while it is mapped. No
 * trap of a guest looks like this: its memories are no files, or files that
 * nobody else can open. */
static bool is_of_shorter_file(int signal, const siginfo_t *info) {
  return signal == SIGBUS && info->si_code == BUS_ADRERR;
}

/* The kernel raised it if its code is above 0: sigaction(2). */
static bool is_for_engine(int signal, const siginfo_t *info) {
  return info->si_code > 0 && !is_of_shorter_file(signal, info);
}

static void on_fault(int signal, siginfo_t *info, void *ucontext) {
  int saved_errno = errno;
  if (is_for_engine(signal, info))
    call_engine(signal, info, ucontext); /* it may not return */
  else if (info->si_code > 0 || !was_ignored[index_of(signal)])
    cli_end_by_signal(signal);
  errno = saved_errno;
}

void cli_fault_signals_prepare(void) {
  for (size_t i = 0; i < FAULTS; i++) {
    struct sigaction now;
    was_ignored[i] =
        sigaction(faults[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
  }
}

void cli_fault_signals_wrap(void) {
  for (size_t i = 0; i < FAULTS; i++) {
    if (sigaction(faults[i], NULL, &engine_actions[i]) != 0) continue;
    struct sigaction ours = engine_actions[i];
    ours.sa_flags |= SA_SIGINFO | SA_ONSTACK;
    ours.sa_sigaction = on_fault;
    sigaction(faults[i], &ours, NULL);
  }
}
