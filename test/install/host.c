/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A minimal host: a loop, in place of a guest, is signalled. */
#include <stdio.h>
#include <wasmsig/host.h>

static _Alignas(8) uint32_t memory[16];

int main(void) {
  wasmsig_registry *registry;
  wasmsig_words words = WASMSIG_WORDS_INIT;
  wasmsig_instance instance;
  wasmsig_budget budget;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  volatile uint32_t *signal = memory;

  wasmsig_registry_create(&registry);
  words.memory = memory;
  words.length = sizeof memory;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = 0;
  if (wasmsig_instance_add(registry, &words, &instance) != WASMSIG_OK) return 1;
  limits.soft_ns = 5000000;
  limits.registry = registry;
  if (wasmsig_budget_init(&budget, &limits) != WASMSIG_OK) return 1;

  wasmsig_budget_enter(&budget);
  while (*signal == 0) continue;
  int outcome = wasmsig_budget_leave(&budget);
  printf("signalled %u at %.2f ms of CPU\n", *signal,
         (double)wasmsig_budget_used_ns(&budget) / 1e6);

  wasmsig_budget_destroy(&budget);
  wasmsig_registry_destroy(registry);
  return outcome == WASMSIG_LEFT_SIGNALLED ? 0 : 1;
}
