/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets: making them, making them new, ending them, asking them. What is
 * spent of them is in spend.c, what happens at their limits in section.c.
 */
#include "budget.h"

#include "atomics.h"
#include "registry.h"
#include "step.h"

#include <string.h>

_Static_assert(sizeof(struct wsig_budget) <= sizeof(wasmsig_budget),
               "wasmsig_budget holds its parts");

/* ------------------------------------------------- signals taken back */

static void clear_in(const struct wsig_budget *budget) {
  if (!budget->instances) {
    wasmsig_registry_clear(budget->registry, budget->signal);
    return;
  }
  for (size_t i = 0; i < budget->count; i++)
    wasmsig_instance_clear(budget->registry, budget->instances[i],
                           budget->signal);
}

bool wsig_budget_is_forgotten(const struct wsig_budget *budget) {
  return budget->soft_done && budget->registry &&
         budget->withdrawals !=
             wsig_load_acquire(&budget->registry->withdrawals[budget->signal]);
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

/* Under wsig_threads_lock: sections of other threads that have raised the same
 * tell it again. */
static void tell_again(const struct wsig_budget *budget) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) {
    if (t == wsig_here) continue;
    wsig_thread_lock(t);
    for (struct wsig_budget *b = t->innermost; b; b = b->outer)
      if (b->signal == budget->signal && b->registry == budget->registry &&
          wsig_budget_is_forgotten(b))
        wsig_section_tell(b);
    wsig_thread_unlock(t);
  }
}

/* The condition that the signal told of is over. A section of this thread that
 * means it too keeps it there; one of another thread tells it again, and a
 * budget between two sections does when it is next entered
 * (wsig_budget_is_forgotten). Looks and clears under one lock: else somebody
 * could raise the same for a section of this thread in between, and that signal
 * would be lost. */
static void take_signal_back(const struct wsig_budget *budget) {
  struct wsig_thread *thread = wsig_here;
  if (thread) wsig_thread_lock(thread);
  bool meant = thread && is_meant_by_another(thread, budget);
  if (!meant) {
    clear_in(budget);
    wsig_step(47);
    /* After the clearing (release): whoever was told before it knows of an
     * older count, and is told again. */
    wsig_add_release(&budget->registry->withdrawals[budget->signal], 1);
  }
  if (thread) wsig_thread_unlock(thread);
  if (meant) return;
  pthread_mutex_lock(&wsig_threads_lock);
  tell_again(budget);
  pthread_mutex_unlock(&wsig_threads_lock);
}

/* Whether a thread is in it. Acquire: if none is, what the last one left. */
static bool is_entered(const struct wsig_budget *budget) {
  return wsig_load_acquire(&budget->thread) != NULL;
}

/* ---------------------------------------------------- init and destroy */

static bool bad_limit(uint64_t ns) {
  return ns == 0 || (ns != WASMSIG_NO_LIMIT && ns > INT64_MAX);
}

static bool lacks_limit(const wasmsig_budget_options *options) {
  return options->soft_ns == WASMSIG_NO_LIMIT &&
         options->hard_ns == WASMSIG_NO_LIMIT && !options->measure;
}

static int check_options(const wasmsig_budget_options *options) {
  if (!options || options->size < sizeof *options) return WASMSIG_EINVAL;
  if (options->signal < 1 || options->signal > WASMSIG_SIGNAL_MAX)
    return WASMSIG_ESIGNAL;
  if (lacks_limit(options)) return WASMSIG_ELIMITS;
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
  struct wsig_budget *b = wsig_budget_of(budget);
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
  b->kill_is_signal_safe = options->kill_is_signal_safe;
  return WASMSIG_OK;
}

static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {
  if (is_entered(b)) return WASMSIG_EBUSY;
  if (b->soft_done && b->registry) take_signal_back(b);
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

int wasmsig_budget_reset(wasmsig_budget *budget,
                         const wasmsig_budget_options *options) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = wsig_budget_of(budget);
  if (options) {
    int error = check_options(options);
    if (error) return error;
    if (options->hard_ns != WASMSIG_NO_LIMIT && !b->kill)
      return WASMSIG_ENOKILL;
  }
  struct wsig_thread *thread = wsig_here;
  if (thread && !wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  int error = reset(b, options);
  if (thread) wsig_thread_go_outside(thread);
  return error;
}

int wasmsig_budget_destroy(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = wsig_budget_of(budget);
  if (is_entered(b)) return WASMSIG_EBUSY;
  b->soft_done = false;
  return WASMSIG_OK;
}

/* ---------------------------------------------------------- questions */

uint64_t wasmsig_budget_used_ns(const wasmsig_budget *budget) {
  if (!budget) return 0;
  const struct wsig_budget *b = wsig_budget_of_const(budget);
  struct wsig_thread *thread = wsig_here;
  uint64_t ended = wsig_load_relaxed(&b->used_ns);
  if (!thread || wsig_load_relaxed(&b->thread) != thread) return ended;
  if (!wsig_thread_go_inside(thread)) return ended;
  struct wsig_reading now;
  bool known =
      b->depth > 0 && wsig_meter_read(&thread->meter, thread->clock, &now);
  uint64_t used = known ? wsig_section_used(b, now.cpu_ns) : ended;
  wsig_thread_go_outside(thread);
  return used;
}

wasmsig_budget_state wasmsig_budget_get_state(const wasmsig_budget *budget) {
  if (!budget) return WASMSIG_BUDGET_READY;
  return (wasmsig_budget_state)wsig_load_relaxed(
      &wsig_budget_of_const(budget)->state);
}
