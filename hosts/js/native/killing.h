/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the sections of one budget are killed; and what helps where the engine
 * cannot end a call, or not yet (killing.c).
 */
#ifndef WASMSIG_KILLING_H
#define WASMSIG_KILLING_H

#include "wasmsig/host.h"

#include <stdbool.h>
#include <stddef.h>

/* What to do when the host's own functions are on the stack and the grace
 * period is over; numbers as in lib/limits.js. */
enum on_unsafe { ON_UNSAFE_WAIT, ON_UNSAFE_KILL, ON_UNSAFE_EXIT };

struct named_use;

/* What a budget has added to the figures of its name; for the thread that holds
 * the budget. */
struct charge {
  struct named_use *to; /* NULL: it has no name */
  uint64_t used_ns;     /* of its CPU time; since its last reset */
  bool soft, killed;    /* that these limits were counted; until a reset */
};

/* The `context` of a budget's options. "Under lock": of the engine. */
struct killing {
  struct engine *engine;
  const wasmsig_budget *budget;
  const wasmsig_budget_options *options;
  enum on_unsafe on_unsafe;
  uint64_t grace_ns;
  size_t depth;        /* how many of its sections are entered */
  bool requested;      /* by the core; under lock */
  uint64_t interrupts; /* the engine's, at the last kill; under lock */
  uint64_t since_ns;   /* the thread's CPU time at the first with that number */
  uint64_t first_ns;   /* the thread's CPU time at the first of all */
  bool has_sigkill;    /* SIGKILL is in the guests' words; under lock */
  bool waited, overdue; /* counted since the budget was entered */
  struct charge charge;
};

/* Under lock: SIGKILL in the words of all guests that the budget concerns. */
void killing_raise_sigkill(struct killing *killing);
/* Under lock: takes it back, if it is there. */
void killing_clear_sigkill(struct killing *killing);

/* `where` ends the line that is printed. */
void killing_exit_process(const struct killing *killing, const char *where);

#endif
