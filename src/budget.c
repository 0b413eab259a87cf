/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets: CPU time spent in sections, and what happens at its limits.
 *
 * A thread's running sections form a list from the innermost outwards, which
 * its lock guards: the thread changes it, the watchdog looks at it. Each
 * section has noted the thread's CPU clock at its beginning, so what a budget
 * has used is one subtraction, an outer one's includes the inner ones', and
 * time asleep or preempted does not count, since that clock stands still then.
 *
 * Never early: a limit is acted on only where the CPU clock, read after the
 * fact, has reached it. Never lost: wsig_budget_check does the soft limit
 * before the hard one, and the next enter does what was passed between looks.
 *
 * Kill races: the watchdog kills under the thread's lock and only for a
 * section that is in the list; leave takes the section out under the same
 * lock, so it waits for a kill that has begun, and none begins after. What the
 * kill did to the engine is undone before leave returns, unless an outer
 * section is being killed in the same engine: then its own leave undoes it.
 */
#include "budget.h"

#include "atomics.h"
#include "registry.h"

#include <string.h>

_Static_assert(sizeof(struct wsig_budget) <= sizeof(wasmsig_budget),
               "wasmsig_budget holds its parts");

static struct wsig_budget *of(wasmsig_budget *budget) {
  return (struct wsig_budget *)(void *)budget;
}
static const struct wsig_budget *of_const(const wasmsig_budget *budget) {
  return (const struct wsig_budget *)(const void *)budget;
}

/* ------------------------------------------------------- at its limits */

/* CPU time after which a section that is still there is killed again: somebody
 * else in its thread (node:vm, say) may have taken the kill for its own. */
#define KILL_AGAIN_NS UINT64_C(1000000)

static uint64_t used_at(const struct wsig_budget *budget, uint64_t cpu_ns) {
  return wsig_load_relaxed(&budget->used_ns) + (cpu_ns - budget->start_ns);
}

static void raise_in(const struct wsig_budget *budget) {
  if (!budget->instances) {
    wasmsig_registry_raise(budget->registry, budget->signal);
    return;
  }
  for (size_t i = 0; i < budget->count; i++)
    wasmsig_instance_raise(budget->registry, budget->instances[i],
                           budget->signal);
}

static void clear_in(const struct wsig_budget *budget) {
  if (!budget->instances) {
    wasmsig_registry_clear(budget->registry, budget->signal);
    return;
  }
  for (size_t i = 0; i < budget->count; i++)
    wasmsig_instance_clear(budget->registry, budget->instances[i],
                           budget->signal);
}

/* Tells the guests, and remembers how often the signal had been taken back in
 * the registry by then. */
static void tell_guests(struct wsig_budget *budget) {
  if (!budget->registry) return;
  uint32_t *withdrawals = &budget->registry->withdrawals[budget->signal];
  budget->withdrawals = wsig_load_relaxed(withdrawals);
  raise_in(budget);
}

static void signal_guests(struct wsig_budget *budget) {
  budget->soft_done = true;
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_SIGNALLED);
  wsig_add_relaxed(&wsig_statistics.soft, 1);
  tell_guests(budget);
}

/* A signal that was told and then taken back with another budget's. */
static bool is_forgotten(const struct wsig_budget *budget) {
  return budget->soft_done && budget->registry &&
         budget->withdrawals !=
             wsig_load_relaxed(&budget->registry->withdrawals[budget->signal]);
}

static void reach_hard_limit(struct wsig_budget *budget) {
  if (!budget->soft_done && budget->soft_ns != WASMSIG_NO_LIMIT)
    signal_guests(budget);
  budget->hard_done = true;
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_KILLED);
}

static void kill_section(struct wsig_budget *budget, uint64_t used) {
  reach_hard_limit(budget);
  budget->kill_begun = true;
  budget->kill_again_ns = used + KILL_AGAIN_NS;
  budget->kill(budget->context);
}

/* What is left until the nearest limit that was not acted on yet, or until a
 * kill that had no effect is to be repeated. */
static uint64_t left_of(const struct wsig_budget *budget, uint64_t used) {
  uint64_t limit = budget->hard_done ? WASMSIG_NO_LIMIT : budget->hard_ns;
  if (budget->kill_begun) limit = budget->kill_again_ns;
  if (!budget->soft_done && budget->soft_ns > used && budget->soft_ns < limit)
    limit = budget->soft_ns;
  if (limit == WASMSIG_NO_LIMIT) return WSIG_NEVER;
  return limit > used ? limit - used : 0;
}

uint64_t wsig_budget_check(struct wsig_thread *thread, uint64_t cpu_ns) {
  uint64_t least = WSIG_NEVER;
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer) {
    uint64_t used = used_at(b, cpu_ns);
    if (!b->soft_done && used >= b->soft_ns) signal_guests(b);
    if (!b->hard_done && used >= b->hard_ns) {
      wsig_add_relaxed(&wsig_statistics.kills, 1);
      kill_section(b, used);
    } else if (b->kill_begun && used >= b->kill_again_ns) {
      kill_section(b, used);
    }
    uint64_t left = left_of(b, used);
    if (left < least) least = left;
  }
  return least;
}

/* Some running section of the thread has raised the signal there too. */
static bool is_meant_by_another(const struct wsig_thread *thread,
                                const struct wsig_budget *budget) {
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer)
    if (b->soft_done && b->signal == budget->signal &&
        b->registry == budget->registry)
      return true;
  return false;
}

/* The condition that the signal told of is over. A section of this thread that
 * means it too keeps it there; a budget between two sections tells it again
 * when it is next entered (is_forgotten). Looks and clears under one lock:
 * else the watchdog could raise the same for a section of this thread in
 * between, and that signal would be lost. */
static void take_signal_back(const struct wsig_budget *budget) {
  if (!budget->soft_done || !budget->registry) return;
  struct wsig_thread *thread = wsig_thread_known();
  if (thread) pthread_mutex_lock(&thread->lock);
  if (!thread || !is_meant_by_another(thread, budget)) {
    wsig_add_relaxed(&budget->registry->withdrawals[budget->signal], 1);
    clear_in(budget);
  }
  if (thread) pthread_mutex_unlock(&thread->lock);
}

/* Whether a thread is in it. Acquire: if none is, what the last one left. */
static bool is_entered(const struct wsig_budget *budget) {
  return wsig_load_acquire(&budget->thread) != NULL;
}

/* ---------------------------------------------------- init and destroy */

static bool bad_limit(uint64_t ns) {
  return ns == 0 || (ns != WASMSIG_NO_LIMIT && ns > INT64_MAX);
}

static int check_options(const wasmsig_budget_options *options) {
  if (!options || options->size < sizeof *options) return WASMSIG_EINVAL;
  if (options->signal < 1 || options->signal > WASMSIG_SIGNAL_MAX)
    return WASMSIG_ESIGNAL;
  if (bad_limit(options->soft_ns) || bad_limit(options->hard_ns))
    return WASMSIG_ELIMITS;
  if (options->soft_ns != WASMSIG_NO_LIMIT &&
      options->soft_ns > options->hard_ns)
    return WASMSIG_ELIMITS;
  if (options->instances && !options->registry) return WASMSIG_EINVAL;
  return WASMSIG_OK;
}

int wasmsig_budget_init(wasmsig_budget *budget,
                        const wasmsig_budget_options *options) {
  if (!budget) return WASMSIG_EINVAL;
  int error = check_options(options);
  if (error) return error;
  if (options->hard_ns != WASMSIG_NO_LIMIT && !options->kill)
    return WASMSIG_ENOKILL;
  struct wsig_budget *b = of(budget);
  memset(budget, 0, sizeof *budget);
  b->soft_ns = options->soft_ns;
  b->hard_ns = options->hard_ns;
  b->signal = options->signal;
  b->registry = options->registry;
  b->instances = options->instances;
  b->count = options->count;
  b->kill = options->kill;
  b->undo = options->undo;
  b->context = options->context;
  return WASMSIG_OK;
}

int wasmsig_budget_reset(wasmsig_budget *budget,
                         const wasmsig_budget_options *options) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = of(budget);
  if (options) {
    int error = check_options(options);
    if (error) return error;
    if (options->hard_ns != WASMSIG_NO_LIMIT && !b->kill)
      return WASMSIG_ENOKILL;
  }
  if (is_entered(b)) return WASMSIG_EBUSY;
  take_signal_back(b);
  if (options) {
    b->soft_ns = options->soft_ns;
    b->hard_ns = options->hard_ns;
    b->signal = options->signal;
  }
  b->soft_done = false;
  b->hard_done = false;
  wsig_store_relaxed(&b->used_ns, 0);
  wsig_store_relaxed(&b->state, WASMSIG_BUDGET_READY);
  return WASMSIG_OK;
}

int wasmsig_budget_destroy(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = of(budget);
  if (is_entered(b)) return WASMSIG_EBUSY;
  b->soft_done = false;
  return WASMSIG_OK;
}

/* ----------------------------------------------------- enter and leave */

static int enter_again(struct wsig_thread *thread, struct wsig_budget *b) {
  int error = WASMSIG_ESPENT;
  pthread_mutex_lock(&thread->lock);
  if (!b->hard_done) {
    if (thread->innermost != b) thread->innermost->reentries++;
    b->depth++;
    error = WASMSIG_OK;
  }
  pthread_mutex_unlock(&thread->lock);
  return error;
}

static void begin_section(struct wsig_thread *thread, struct wsig_budget *b,
                          uint64_t cpu_ns) {
  b->start_ns = cpu_ns;
  b->outer = thread->innermost;
  b->depth = 1;
  b->reentries = 0;
  thread->innermost = b;
  if (!b->soft_done) wsig_store_relaxed(&b->state, WASMSIG_BUDGET_RUNNING);
}

/* Takes the innermost section off the list, its time charged. */
static void end_section(struct wsig_thread *thread, uint64_t cpu_ns) {
  struct wsig_budget *b = thread->innermost;
  uint64_t used = used_at(b, cpu_ns);
  wsig_store_relaxed(&b->used_ns, used);
  if (!b->hard_done && used >= b->hard_ns) reach_hard_limit(b);
  if (!b->soft_done && !b->hard_done)
    wsig_store_relaxed(&b->state, WASMSIG_BUDGET_READY);
  thread->innermost = b->outer;
  b->outer = NULL;
  b->depth = 0;
}

/* Nobody is in it any more: the last access of the leaving thread. */
static void let_go(struct wsig_budget *b) {
  /* Release: the next thread that enters finds what this one has left. */
  wsig_store_release(&b->thread, NULL);
}

/* The section `from`, or one around it, is being killed. */
static bool is_dying(const struct wsig_budget *from) {
  for (; from; from = from->outer)
    if (from->kill_begun) return true;
  return false;
}

static int leave_again(struct wsig_thread *thread, struct wsig_budget *b) {
  if (thread->innermost != b) thread->innermost->reentries--;
  b->depth--;
  if (is_dying(thread->innermost)) return WASMSIG_LEFT_OUTER_KILLED;
  return b->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

static bool may_leave(const struct wsig_thread *thread,
                      const struct wsig_budget *b) {
  if (thread->innermost == b) return b->reentries == 0;
  return thread->innermost->reentries > 0 && b->depth > 1;
}

/* A section around it is being killed in the same engine. */
static bool dies_with(const struct wsig_budget *b,
                      const struct wsig_budget *outer) {
  for (; outer; outer = outer->outer)
    if (outer->kill_begun && outer->undo == b->undo &&
        outer->context == b->context)
      return true;
  return false;
}

/* An engine's kill is undone by the outermost section that it was for. */
static int settle(struct wsig_thread *thread, struct wsig_budget *b) {
  bool undo = b->kill_begun && b->undo && !dies_with(b, thread->innermost);
  b->kill_begun = false;
  if (undo) b->undo(b->context);
  if (is_dying(thread->innermost)) return WASMSIG_LEFT_OUTER_KILLED;
  if (b->hard_done) return WASMSIG_LEFT_KILLED;
  return b->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

/* A soft limit that was passed before this section began, and that the guests
 * were not told of, or that was taken back since. */
static void signal_late(struct wsig_thread *thread, struct wsig_budget *b) {
  pthread_mutex_lock(&thread->lock);
  if (!b->soft_done)
    signal_guests(b);
  else if (is_forgotten(b))
    tell_guests(b);
  pthread_mutex_unlock(&thread->lock);
}

/* The section cannot be watched: as if it had not begun at `cpu_ns`. */
static void give_up(struct wsig_thread *thread, struct wsig_budget *b,
                    uint64_t cpu_ns) {
  pthread_mutex_lock(&thread->lock);
  end_section(thread, cpu_ns);
  settle(thread, b);
  pthread_mutex_unlock(&thread->lock);
  let_go(b);
}

int wasmsig_budget_enter(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  int error = WASMSIG_OK;
  struct wsig_budget *b = of(budget);
  struct wsig_thread *thread = wsig_thread_self(&error);
  if (!thread) return error;
  struct wsig_thread *nobody = NULL;
  if (!wsig_cas_acquire(&b->thread, &nobody, thread))
    return nobody == thread ? enter_again(thread, b) : WASMSIG_EBUSY;

  uint64_t cpu_ns;
  if (b->hard_done)
    error = WASMSIG_ESPENT;
  else if (!wsig_clock->cpu_ns(thread->clock, &cpu_ns))
    error = WASMSIG_ECLOCK;
  if (error) {
    let_go(b);
    return error;
  }

  uint64_t used = wsig_load_relaxed(&b->used_ns);
  bool late = b->soft_done ? is_forgotten(b) : used >= b->soft_ns;
  pthread_mutex_lock(&thread->lock);
  begin_section(thread, b, cpu_ns);
  uint64_t left = left_of(b, used);
  pthread_mutex_unlock(&thread->lock);

  if (left != WSIG_NEVER) error = wsig_watchdog_within(left);
  if (error)
    give_up(thread, b, cpu_ns);
  else if (late)
    signal_late(thread, b);
  return error;
}

int wasmsig_budget_leave(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = of(budget);
  struct wsig_thread *thread = wsig_thread_known();
  if (!thread || wsig_load_relaxed(&b->thread) != thread) return WASMSIG_EORDER;

  uint64_t cpu_ns = 0;
  int outcome = WASMSIG_EORDER;
  bool ended = false;
  pthread_mutex_lock(&thread->lock);
  if (may_leave(thread, b)) {
    ended = b->depth == 1;
    if (!ended) {
      outcome = leave_again(thread, b);
    } else {
      if (!wsig_clock->cpu_ns(thread->clock, &cpu_ns)) cpu_ns = b->start_ns;
      end_section(thread, cpu_ns);
      outcome = settle(thread, b);
    }
  }
  pthread_mutex_unlock(&thread->lock);
  if (ended) let_go(b);
  return outcome;
}

void wsig_budget_abandon(struct wsig_thread *thread) {
  uint64_t cpu_ns;
  bool known = wsig_clock->cpu_ns(thread->clock, &cpu_ns);
  while (thread->innermost) {
    struct wsig_budget *b = thread->innermost;
    end_section(thread, known ? cpu_ns : b->start_ns);
    b->kill_begun = false;
    let_go(b);
  }
}

/* ---------------------------------------------------------- questions */

uint64_t wasmsig_budget_used_ns(const wasmsig_budget *budget) {
  if (!budget) return 0;
  const struct wsig_budget *b = of_const(budget);
  struct wsig_thread *thread = wsig_thread_known();
  uint64_t cpu_ns;
  if (thread && wsig_load_relaxed(&b->thread) == thread &&
      wsig_clock->cpu_ns(thread->clock, &cpu_ns))
    return used_at(b, cpu_ns);
  return wsig_load_relaxed(&b->used_ns);
}

wasmsig_budget_state wasmsig_budget_get_state(const wasmsig_budget *budget) {
  if (!budget) return WASMSIG_BUDGET_READY;
  return (wasmsig_budget_state)wsig_load_relaxed(&of_const(budget)->state);
}
