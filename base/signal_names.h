/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The names of signals: signal(7), the numbers of x86 and ARM. */
#ifndef WSIG_SIGNAL_NAMES_H
#define WSIG_SIGNAL_NAMES_H

#include "wasmsig/base.h"

#include <stddef.h>

static const char *const wsig_signal_names[WASMSIG_SIGNAL_MAX + 1] = {
    NULL,      "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP",
    "SIGABRT", "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV",
    "SIGUSR2", "SIGPIPE", "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD",
    "SIGCONT", "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU",   "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",
    "SIGPWR",  "SIGSYS",  "SIG32",     "SIG33",   "SIG34",     "SIG35",
    "SIG36",   "SIG37",   "SIG38",     "SIG39",   "SIG40",     "SIG41",
    "SIG42",   "SIG43",   "SIG44",     "SIG45",   "SIG46",     "SIG47",
    "SIG48",   "SIG49",   "SIG50",     "SIG51",   "SIG52",     "SIG53",
    "SIG54",   "SIG55",   "SIG56",     "SIG57",   "SIG58",     "SIG59",
    "SIG60",   "SIG61",   "SIG62",     "SIG63",   "SIG64"};

/* A string that is never freed. Signal handlers: yes. */
static inline const char *wsig_signal_name(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return "no signal";
  return wsig_signal_names[signal];
}

#endif
