/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The state of one JavaScript environment: the main thread's, or a worker's.
 *
 * The environment uses it, and so does each budget that was made in it: the
 * last user frees it.
 */
#ifndef WASMSIG_REALM_H
#define WASMSIG_REALM_H

#include "held_budgets.h"
#include "instances.h"

#include "wasmsig/host.h"

#include <node_api.h>
#include <stdbool.h>

struct realm {
  size_t users;
  wasmsig_registry *registry;
  struct engine *engine;
  size_t sections;       /* that are running */
  uint64_t last_used_ns; /* CPU time of the budget that was killed last */
  int last_limit;        /* what has ended that budget, a wasmsig_limit */
  napi_ref killed;       /* the mark KILLED, which a killed call returns */
  bool left_async_ids;   /* the last kill left them on Node's stack of ids */
  uint64_t tracked[4];   /* instances by wasmsig_memory_class */
  struct instances instances;
  struct held_budgets budgets;
  struct tracked_buffer *buffers; /* a list (tracked_buffers.c) */
};

/* NULL: no memory. */
struct realm *realm_create(napi_env env);
struct realm *realm_of(napi_env env);
struct realm *realm_use(struct realm *realm);
void realm_release(struct realm *realm);

#endif
