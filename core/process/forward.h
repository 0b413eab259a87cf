/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forwarded signals, as forward.c sets them up and the handler finds them. */
#ifndef WSIG_FORWARD_H
#define WSIG_FORWARD_H

#include "wasmsig/host.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct wsig_forward {
  bool active;    /* the handler raises the signal for guests; atomic */
  bool installed; /* our handler may be installed; under forward.c's lock */
  bool due;       /* the last delivery was due for the default action; atomic */
  int insist;     /* 0: never */
  struct sigaction previous; /* the action before; stored before ours is set */
  uint64_t deliveries;
  uint64_t reached;      /* instances, by the last delivery */
  uint64_t handled;      /* of these: they say that they handle the signal */
  uint64_t unanswered;   /* deliveries since a guest last took the signal */
  uint64_t requested_ns; /* time of the first of these; 0: not yet */
};

extern struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext);

#endif
