/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ids by which any thread of the process kills a budget (budget_ids.c). */
#ifndef WASMSIG_BUDGET_IDS_H
#define WASMSIG_BUDGET_IDS_H

#include "held_budgets.h"

/* Its id, made at the first request; 0: no memory. */
double budget_id_of(struct held_budget *held);

/* As the functions of the core, at a moment when no other thread kills the
 * budget by its id. Once destroyed, its id is no longer one. */
int budget_id_destroy(struct held_budget *held);
int budget_id_reset(struct held_budget *held,
                    const wasmsig_budget_options *options);

/* False: no budget has this id any more. `*error` is that of the kill. */
bool budget_id_kill(double id, int *error);

#endif
