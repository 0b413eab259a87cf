/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Hot paths: what main.c runs and callgrind counts. Each file beside this one
 * has a table of them.
 */
#ifndef BENCH_INSTRUCTIONS_PATHS_H
#define BENCH_INSTRUCTIONS_PATHS_H

#include <stddef.h>

/* One operation of the library, the same each time. */
struct path {
  const char *name;
  void (*begin)(void); /* not counted; may be NULL */
  void (*run)(void);   /* counted */
  void (*end)(void);   /* not counted; may be NULL */
  unsigned runs;
};

struct paths {
  const struct path *list;
  size_t count;
};

extern const struct paths registry_paths, budget_paths, module_paths;

/* Ends the program if a call of the library has failed. */
void check(long long code, const char *what);

#endif
