/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is known of a request: from its first turn to the end of its IoContext.
 * requests.c makes it; signals.c reads it in signal handlers.
 */
#ifndef WSIG_WORKERD_REQUEST_H
#define WSIG_WORKERD_REQUEST_H

#include "isolates.h"
#include "wasmsig/host.h"

/* What the runtime names where it names no context. */
struct wkd_enforcer {
  void *enforcer; /* the key */
  uint32_t top_ups;
  void *nearly_exceeded; /* of its isolate */
  size_t requests, stopped;
};

struct wkd_request {
  void *context; /* the key */
  struct wkd_enforcer *enforcer;
  struct wkd_isolate *isolate;
  const void *thread;
  wasmsig_budget budget;
  bool is_actor;
  bool is_entered; /* the last turn has a section */
  bool is_refused; /* in the last turn V8 terminates from the start */
  bool has_grace;
  struct wkd_request *outer; /* of the turns that run */
  uint32_t turns;            /* of them, its own */
  uint32_t top_ups;          /* of the enforcer, that it has had */

  /* Of its signal. `reached`: how many instances. */
  uint64_t reached;
  bool is_to_signal_again; /* no guest had taken it when it was cleared */

  /* Since the last report. */
  uint64_t began_ns, reset_ns; /* reset: CPU time before the budget's reset */
  uint32_t signals;
  uint64_t raised_at_ns;  /* the thread's clock, until the turn ends; or 0 */
  uint64_t signal_cpu_ns; /* CPU time of the request at its first signal */
  bool was_stopped;
};

#endif
