/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A forwarded signal, as forward.c sets it up and its handler finds it. */
#ifndef WSIG_FORWARD_H
#define WSIG_FORWARD_H

#include "wasmsig/host.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct wsig_forward {
  bool active;    /* guests are asked; atomic */
  bool installed; /* ours may stand somewhere; under forward.c's lock */
  int insist;     /* 0: never */
  struct sigaction before; /* what stood there; set before the handler is */
  uint64_t deliveries;
  uint64_t reached;    /* instances, by the last delivery */
  uint64_t unanswered; /* deliveries since a guest last took the signal */
};

extern struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext);

#endif
