/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A shared object with the library in it, as a server's module has it: each
 * function is a first use of another kind. */
#include "plugin.h"

#include "wasmsig/host.h"

#include <signal.h>
#include <time.h>

int plugin_spend(void) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = 1000000;
  static wasmsig_budget budget;
  if (wasmsig_budget_init(&budget, &options) != 0) return -1;
  if (wasmsig_budget_enter(&budget) != 0) return -2;
  return wasmsig_budget_leave(&budget);
}

int plugin_forward(void) { return wasmsig_forward_start(SIGUSR1, 0); }

int plugin_firing(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  return wasmsig_get_firing(&options);
}

int plugin_track(void) {
  wasmsig_registry *registry;
  return wasmsig_registry_create(&registry);
}
