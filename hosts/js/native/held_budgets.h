/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The budgets that JavaScript holds (held_budgets.c). */
#ifndef WASMSIG_HELD_BUDGETS_H
#define WASMSIG_HELD_BUDGETS_H

#include "killing.h"

#include "wasmsig/host.h"

#include <node_api.h>

struct realm;

/* A call of limitCpu that runs, in its environment's thread. */
struct fresh_budget {
  wasmsig_budget budget;
  struct fresh_budget *outer;
};

/* A budget, or the pattern from which limitCpu makes one for each call. */
struct held_budget {
  wasmsig_budget budget;
  wasmsig_budget_options options;
  struct killing killing;
  struct realm *realm;
  napi_ref external;          /* weak: the external that JavaScript holds */
  double id;                  /* 0: none (budget_ids.c) */
  bool is_pattern_killed;     /* each call of limitCpu is killed at once */
  struct fresh_budget *fresh; /* those of the pattern that run */
  wasmsig_instance named[];   /* options.count of them */
};

/* All of an environment. */
struct held_budgets {
  struct held_budget **list;
  size_t count, room, sweep_at;
};

struct held_budget *held_budget_of(napi_env env, napi_value external);

/* The external by which JavaScript holds the budget, which lives as long.
 * NULL: no memory, and the budget stays the caller's. */
napi_value held_budgets_add(napi_env env, struct realm *realm,
                            struct held_budget *held);
/* The environment ends. */
void held_budgets_drop_all(napi_env env, struct realm *realm);

#endif
