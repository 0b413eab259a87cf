/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A budget that JavaScript holds (budgets.c), and its sections (sections.c). */
#ifndef WASMSIG_BUDGETS_H
#define WASMSIG_BUDGETS_H

#include "addon.h"

/* Or the pattern of limitCpu's. */
struct box {
  wasmsig_budget budget;
  wasmsig_budget_options options;
  struct killing killing;
  struct realm_state *state;
  napi_ref self;            /* weak, to the external that JavaScript has */
  wasmsig_instance named[]; /* options.count of them */
};

struct box *box_of(napi_env env, napi_value value);

/* What JavaScript holds the box by, which lives as long; NULL: no memory, and
 * the box is the caller's (held_budgets.c). */
napi_value boxes_add(napi_env env, struct realm_state *state, struct box *box);

#endif
