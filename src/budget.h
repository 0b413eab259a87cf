/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets and the threads that spend them, as budget.c and watchdog.c see
 * them.
 */
#ifndef WSIG_BUDGET_H
#define WSIG_BUDGET_H

#include "os/os.h"
#include "wasmsig/host.h"

/* What lies in a wasmsig_budget. */
struct wsig_budget {
  struct wsig_thread *thread; /* who is in it; atomic, NULL: nobody */

  /* Of its section, under the thread's lock. */
  struct wsig_budget *outer; /* the section around this one */
  uint64_t start_ns;         /* the thread's CPU clock when it began */
  uint32_t depth;            /* how often it is entered */
  uint32_t reentries;        /* enters of outer budgets since this one began */
  bool soft_done;            /* the signal was raised; until a reset */
  bool hard_done;            /* the hard limit was acted on; until a reset */
  bool kill_begun;           /* the host's kill was called and is not undone */
  uint64_t kill_again_ns;    /* used: when it is to be called again */

  uint32_t withdrawals; /* of its signal in the registry when it was told */

  uint64_t used_ns; /* of ended sections; atomic */
  uint32_t state;   /* a wasmsig_budget_state; atomic */

  int signal;
  uint64_t soft_ns, hard_ns;
  wasmsig_registry *registry;
  const wasmsig_instance *instances;
  size_t count;
  void (*kill)(void *context);
  void (*undo)(void *context);
  void *context;
};

/* A thread that has been in a section. Listed from its first one until it
 * ends; `lock` guards its sections against the watchdog. */
struct wsig_thread {
  pthread_mutex_t lock;
  clockid_t clock;
  struct wsig_budget *innermost; /* running sections, from here outwards */
  uint64_t seen_cpu_ns;          /* by the watchdog's last look */
  uint64_t pause_ns;             /* how long it may wait: the thread sleeps */
  struct wsig_thread *next, *previous; /* under the watchdog's lock */
};

/* Never: no running section has a limit ahead. */
#define WSIG_NEVER UINT64_MAX

/* The clock in use; tests replace it while no section runs. */
extern const struct wsig_clock *wsig_clock;

/* budget.c: acts on every limit that the thread's sections have passed at CPU
 * time `cpu_ns`; answers how many ns of CPU the nearest limit ahead is away.
 * Under the thread's lock. */
uint64_t wsig_budget_check(struct wsig_thread *thread, uint64_t cpu_ns);

/* budget.c: the thread ends with sections running. Under its lock. */
void wsig_budget_abandon(struct wsig_thread *thread);

/* watchdog.c: the calling thread's record, made at first use; NULL and an
 * error if that fails. */
struct wsig_thread *wsig_thread_self(int *error);

/* watchdog.c: the record if there is one. */
struct wsig_thread *wsig_thread_known(void);

/* watchdog.c: sees to it that the watchdog looks at the threads no later than
 * `ns` from now. An error code if it cannot be started. */
int wsig_watchdog_within(uint64_t ns);

/* watchdog.c: looks at every thread now; answers in how many ns to look again.
 * For the watchdog itself, and for tests. */
uint64_t wsig_watchdog_look(void);

#endif
