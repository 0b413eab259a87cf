/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs each hot path under callgrind, which counts instructions inside of
 * measure() only and writes them to a file of their own each time that it
 * returns (count.mjs). Prints a line for each path: its name and how often it
 * was run.
 *
 * Why two runs give the same counts:
 *  1. one thread runs, and no signal comes: budgets have a clock that stands
 *     still and no watchdog (budget.c)
 *  2. memories lie at fixed addresses, which the registry hashes (registry.c)
 *  3. modules are made here, byte by byte the same (module.c)
 *  4. what the C library executes is not counted (count.mjs)
 */
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>

#include <wasmsig/host.h>

void check(long long code, const char *what) {
  if (code >= 0) return;
  fprintf(stderr, "instructions: %s: %s\n", what,
          wasmsig_error_text((int)code));
  exit(EXIT_FAILURE);
}

void measure(const struct path *path);

__attribute__((noinline)) void measure(const struct path *path) {
  for (unsigned i = 0; i < path->runs; i++) path->run();
}

static void run(const struct path *path) {
  if (path->begin) path->begin();
  path->run(); /* what is done once only is not counted */
  measure(path);
  if (path->end) path->end();
  printf("%s\t%u\n", path->name, path->runs);
}

int main(void) {
  const struct paths all[] = {registry_paths, budget_paths, module_paths};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (size_t j = 0; j < all[i].count; j++) run(&all[i].list[j]);
  return EXIT_SUCCESS;
}
