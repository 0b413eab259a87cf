/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/compile_limit.h"

#include "process/end.h"
#include "wasmsig/host.h"

#include <signal.h>
#include <sys/time.h>

static bool is_limited;
static struct sigaction action_before;
static sigset_t mask_before;

/* A code above 0 is the kernel's, for the timer. Otherwise a process sent it.
 */
static void on_signal(int signal, siginfo_t *info, void *ucontext) {
  (void)ucontext;
  if (info->si_code > 0)
    cli_end_by_compile_limit();
  else
    cli_end_by_signal(signal);
}

/* Rounded up, as 0 would disable the timer. */
static struct itimerval timer_of(uint64_t ns) {
  uint64_t us = ns / 1000 + (ns % 1000 != 0);
  return (struct itimerval){.it_value = {.tv_sec = (time_t)(us / 1000000),
                                         .tv_usec = (long)(us % 1000000)}};
}

void cli_compile_limit_start(uint64_t limit_ns) {
  struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  struct itimerval timer = timer_of(limit_ns);
  sigset_t only;
  is_limited = limit_ns != WASMSIG_NO_LIMIT;
  if (!is_limited) return;
  sigfillset(&ours.sa_mask);
  sigaction(SIGPROF, &ours, &action_before);
  sigemptyset(&only);
  sigaddset(&only, SIGPROF);
  sigprocmask(SIG_UNBLOCK, &only, &mask_before);
  setitimer(ITIMER_PROF, &timer, NULL);
}

void cli_compile_limit_stop(void) {
  struct itimerval none = {0};
  if (!is_limited) return;
  setitimer(ITIMER_PROF, &none, NULL);
  sigprocmask(SIG_SETMASK, &mask_before, NULL);
  sigaction(SIGPROF, &action_before, NULL);
}
