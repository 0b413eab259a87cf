/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/signal_names.h"

#include "wasmsig/host.h"

#include <stdlib.h>
#include <strings.h>

/* signal(7), the numbers of x86 and ARM. */
static const char *const names[WASMSIG_SIGNAL_MAX + 1] = {
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

const char *cli_signal_name(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return "no signal";
  return names[signal];
}

int cli_signal_number(const char *name) {
  char *end;
  long number = strtol(name, &end, 10);
  if (name[0] >= '0' && name[0] <= '9' && *end == '\0')
    return number >= 1 && number <= WASMSIG_SIGNAL_MAX ? (int)number : 0;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (strcasecmp(name, names[i]) == 0 || strcasecmp(name, names[i] + 3) == 0)
      return i;
  }
  return 0;
}
