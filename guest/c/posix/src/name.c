/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Readable names of signals. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* The texts of the C libraries on Linux. */
static const char *const texts[] = {
    [SIGHUP] = "Hangup",
    [SIGINT] = "Interrupt",
    [SIGQUIT] = "Quit",
    [SIGILL] = "Illegal instruction",
    [SIGTRAP] = "Trace/breakpoint trap",
    [SIGABRT] = "Aborted",
    [SIGBUS] = "Bus error",
    [SIGFPE] = "Floating point exception",
    [SIGKILL] = "Killed",
    [SIGUSR1] = "User defined signal 1",
    [SIGSEGV] = "Segmentation fault",
    [SIGUSR2] = "User defined signal 2",
    [SIGPIPE] = "Broken pipe",
    [SIGALRM] = "Alarm clock",
    [SIGTERM] = "Terminated",
    [SIGSTKFLT] = "Stack fault",
    [SIGCHLD] = "Child exited",
    [SIGCONT] = "Continued",
    [SIGSTOP] = "Stopped (signal)",
    [SIGTSTP] = "Stopped",
    [SIGTTIN] = "Stopped (tty input)",
    [SIGTTOU] = "Stopped (tty output)",
    [SIGURG] = "Urgent I/O condition",
    [SIGXCPU] = "CPU time limit exceeded",
    [SIGXFSZ] = "File size limit exceeded",
    [SIGVTALRM] = "Virtual timer expired",
    [SIGPROF] = "Profiling timer expired",
    [SIGWINCH] = "Window changed",
    [SIGIO] = "I/O possible",
    [SIGPWR] = "Power failure",
    [SIGSYS] = "Bad system call",
};

char *strsignal(int signal) {
  static char text[32];
  if (signal >= 1 && signal <= SIGSYS) return (char *)texts[signal];
  if (signal >= SIGRTMIN && signal <= SIGRTMAX)
    snprintf(text, sizeof text, "Real-time signal %d", signal - SIGRTMIN);
  else
    snprintf(text, sizeof text, "Unknown signal %d", signal);
  return text;
}

void psignal(int signal, const char *before) {
  int saved_errno = errno;
  bool has_text = before && *before;
  fprintf(stderr, "%s%s%s\n", has_text ? before : "", has_text ? ": " : "",
          strsignal(signal));
  errno = saved_errno;
}

void psiginfo(const siginfo_t *info, const char *before) {
  psignal(info->si_signo, before);
}
