/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signals of the process, as forward.c and firing.c set them up and the
 * handlers find them. */
#ifndef WSIG_FORWARD_H
#define WSIG_FORWARD_H

#include "wasmsig/host.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct wsig_forward {
  bool active;    /* guests are asked; atomic */
  bool installed; /* ours may stand somewhere; under forward.c's lock */
  bool due;       /* after the last delivery: the default action; atomic */
  int insist;     /* 0: never */
  struct sigaction before; /* what stood there; set before the handler is */
  uint64_t deliveries;
  uint64_t reached;    /* instances, by the last delivery */
  uint64_t unanswered; /* deliveries since a guest last took the signal */
  uint64_t asked_ns;   /* when the first of these was; 0: not yet */
};

extern struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext);

/* The handler of our timers' signal, and what stood there before, for what is
 * not our timers'. */
void wsig_timer_handler(int signal, siginfo_t *info, void *ucontext);
extern struct sigaction wsig_timer_before[WASMSIG_SIGNAL_MAX + 1];

static inline bool wsig_has_handler(const struct sigaction *action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}
static inline bool wsig_is_timers(const struct sigaction *action) {
  return action->sa_flags & SA_SIGINFO &&
         action->sa_sigaction == wsig_timer_handler;
}

#endif
