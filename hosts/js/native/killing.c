/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "killing.h"

#include "tracing.h"

#include "core/os/default_action.h"

#include <stdio.h>
#include <unistd.h>

typedef int64_t for_all(wasmsig_registry *registry, int signal);
typedef int64_t for_one(wasmsig_registry *registry, wasmsig_instance instance,
                        int signal);

/* Calls one of both for all guests that a budget concerns. */
static void for_guests(const wasmsig_budget_options *options, for_all *all,
                       for_one *one) {
  if (!options->instances) all(options->registry, WASMSIG_SIGKILL);
  for (size_t i = 0; options->instances && i < options->count; i++)
    one(options->registry, options->instances[i], WASMSIG_SIGKILL);
}

void killing_raise_sigkill(struct killing *killing) {
  killing->has_sigkill = true;
  for_guests(killing->options, wasmsig_registry_raise, wasmsig_instance_raise);
}

void killing_clear_sigkill(struct killing *killing) {
  if (!killing->has_sigkill) return;
  killing->has_sigkill = false;
  for_guests(killing->options, wasmsig_registry_clear, wasmsig_instance_clear);
}

/* What has passed, in words. */
static void describe(const struct killing *killing, char *text, size_t size) {
  const wasmsig_budget_options *options = killing->options;
  switch (wasmsig_budget_get_limit(killing->budget)) {
    case WASMSIG_LIMIT_WALL:
      snprintf(text, size, "the wall limit of %g ms has passed",
               (double)options->wall_ns / 1e6);
      break;
    case WASMSIG_LIMIT_KILL: snprintf(text, size, "a budget was killed"); break;
    default:
      snprintf(text, size, "the CPU limit of %g ms has passed",
               (double)options->hard_ns / 1e6);
  }
}

void killing_exit_process(const struct killing *killing, const char *where) {
  char what[80];
  describe(killing, what, sizeof what);
  (void)!dprintf(STDERR_FILENO,
                 "wasmsig: %s %s; ending the process (onUnsafe: 'exit')\n",
                 what, where);
  tracing_end_of_process(WASMSIG_SIGXCPU);
  wsig_os_exit(128 + WASMSIG_SIGXCPU);
}
