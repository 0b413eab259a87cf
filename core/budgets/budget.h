/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The contents of a wasmsig_budget. */
#ifndef WSIG_BUDGET_H
#define WSIG_BUDGET_H

#include "wasmsig/host.h"

struct wsig_thread;

struct wsig_budget {
  struct wsig_thread *thread; /* the thread that is in it, or NULL; atomic */

  /* Its running section, under the thread's lock. */
  struct wsig_budget *outer; /* the section around this one */
  uint64_t start_ns;         /* the thread's CPU clock when it began */
  uint32_t depth;            /* how many enters have not been left */
  bool soft_done;            /* the soft limit was acted on; until a reset */
  bool signalled;            /* its signal was raised and not withdrawn since */
  bool unreceived;        /* its signal was withdrawn before a guest took it */
  bool hard_done;         /* the hard limit, the wall limit or a call of
                             wasmsig_budget_kill was acted on; until a reset */
  bool kill_due;          /* the host's kill must be called */
  bool kill_begun;        /* the kill was called and is not undone yet */
  uint64_t kill_again_ns; /* used time at which the kill is repeated */

  uint64_t wall_at_ns; /* when the wall limit is reached, on the monotonic
                          clock; past that, when the kill is repeated.
                          WSIG_NEVER: not at all; 0: it has not begun */

  uint32_t clear_count; /* the registry's count for the signal at its raise */
  uint32_t limit;       /* the wasmsig_limit of `hard_done`; atomic */
  uint64_t reached;     /* how many instances received the signal */
  uint32_t suspended;   /* how many of its enters are in suspensions; atomic */
  uint32_t kill_asked;  /* wasmsig_budget_kill was called; atomic */

  uint64_t used_ns; /* by ended sections; atomic */
  uint32_t state;   /* a wasmsig_budget_state; atomic */

  int signal;
  uint64_t soft_ns, hard_ns, wall_ns;
  wasmsig_registry *registry;
  const wasmsig_instance *instances;
  size_t count;
  void (*kill)(void *context);
  void (*undo)(void *context);
  void (*raise)(void *context);
  void *context;
  bool kill_is_signal_safe;
};

static inline struct wsig_budget *wsig_budget_of(wasmsig_budget *budget) {
  return (struct wsig_budget *)(void *)budget;
}
static inline const struct wsig_budget *wsig_budget_of_const(
    const wasmsig_budget *budget) {
  return (const struct wsig_budget *)(const void *)budget;
}

#endif
