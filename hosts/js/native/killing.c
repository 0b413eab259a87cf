/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "killing.h"

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

void killing_exit_process(const struct killing *killing, const char *where) {
  (void)!dprintf(
      STDERR_FILENO,
      "wasmsig: the CPU limit of %g ms has passed %s; ending the process "
      "(onUnsafe: 'exit')\n",
      (double)killing->options->hard_ns / 1e6, where);
  _exit(128 + WASMSIG_SIGXCPU);
}
