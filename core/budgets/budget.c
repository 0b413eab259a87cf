/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets: init, reset, destroy, and questions. Enter and leave are in
 * enter_leave.c, what happens at the limits in limits.c.
 */
#include "budgets/budget.h"

#include "budgets/limits.h"
#include "budgets/thread.h"
#include "budgets/withdraw.h"

#include <string.h>

_Static_assert(sizeof(struct wsig_budget) <= sizeof(wasmsig_budget),
               "wasmsig_budget holds its parts");

/* Whether a thread is in it, or sections of it are suspended. Acquire: if not,
 * the caller reads what the last holder has stored. */
static bool is_entered(const struct wsig_budget *budget) {
  return wsig_load_acquire(&budget->thread) != NULL ||
         wsig_load_acquire(&budget->suspended) != 0;
}

/* ---------------------------------------------------- init and destroy */

static bool bad_limit(uint64_t ns) {
  return ns == 0 || (ns != WASMSIG_NO_LIMIT && ns > INT64_MAX);
}

/* A version without a field is as large as what is before the field. */
static bool has_raise(const wasmsig_budget_options *options) {
  return options->size >= offsetof(wasmsig_budget_options, wall_ns);
}
static uint64_t wall_of(const wasmsig_budget_options *options) {
  return options->size >= sizeof *options ? options->wall_ns : WASMSIG_NO_LIMIT;
}

static bool lacks_limit(const wasmsig_budget_options *options) {
  return options->soft_ns == WASMSIG_NO_LIMIT &&
         options->hard_ns == WASMSIG_NO_LIMIT &&
         wall_of(options) == WASMSIG_NO_LIMIT && !options->measure;
}

static bool needs_kill(const wasmsig_budget_options *options) {
  return options->hard_ns != WASMSIG_NO_LIMIT ||
         wall_of(options) != WASMSIG_NO_LIMIT;
}

static int check_options(const wasmsig_budget_options *options) {
  if (!options || options->size < offsetof(wasmsig_budget_options, raise))
    return WASMSIG_EINVAL;
  if (options->signal < 1 || options->signal > WASMSIG_SIGNAL_MAX)
    return WASMSIG_ESIGNAL;
  if (lacks_limit(options)) return WASMSIG_ELIMITS;
  if (bad_limit(options->soft_ns) || bad_limit(options->hard_ns) ||
      bad_limit(wall_of(options)))
    return WASMSIG_ELIMITS;
  if (options->soft_ns != WASMSIG_NO_LIMIT &&
      options->soft_ns > options->hard_ns)
    return WASMSIG_ELIMITS;
  if (options->instances && !options->registry) return WASMSIG_EINVAL;
  return WASMSIG_OK;
}

static void set_limits(struct wsig_budget *b,
                       const wasmsig_budget_options *options) {
  b->soft_ns = options->soft_ns;
  b->hard_ns = options->hard_ns;
  b->wall_ns = wall_of(options);
  b->signal = options->signal;
}

/* It begins at the next enter. */
static void forget_wall(struct wsig_budget *b) {
  b->wall_at_ns = b->wall_ns == WASMSIG_NO_LIMIT ? WSIG_NEVER : 0;
}

int wasmsig_budget_init(wasmsig_budget *budget,
                        const wasmsig_budget_options *options) {
  if (!budget) return WASMSIG_EINVAL;
  int error = check_options(options);
  if (error) return error;
  if (needs_kill(options) && !options->kill) return WASMSIG_ENOKILL;
  struct wsig_budget *b = wsig_budget_of(budget);
  memset(budget, 0, sizeof *budget);
  set_limits(b, options);
  b->registry = options->registry;
  b->instances = options->instances;
  b->count = options->count;
  b->kill = options->kill;
  b->undo = options->undo;
  b->raise = has_raise(options) ? options->raise : NULL;
  b->context = options->context;
  b->kill_is_signal_safe = options->kill_is_signal_safe;
  forget_wall(b);
  return WASMSIG_OK;
}

static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {
  if (is_entered(b)) return WASMSIG_EBUSY;
  wsig_budget_withdraw(b);
  if (options) set_limits(b, options);
  forget_wall(b);
  b->soft_done = false;
  b->unreceived = false;
  b->hard_done = false;
  wsig_store_relaxed(&b->kill_asked, 0);
  wsig_store_relaxed(&b->limit, WASMSIG_LIMIT_NONE);
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
    if (needs_kill(options) && !b->kill) return WASMSIG_ENOKILL;
  }
  struct wsig_thread *thread = wsig_here;
  if (thread && !wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  int error = reset(b, options);
  if (thread) wsig_thread_end_call(thread);
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
  if (!wsig_thread_begin_call(thread)) return ended;
  struct wsig_reading now;
  bool known = b->depth > 0 &&
               wsig_cpu_clock_read(&thread->cpu_clock, thread->clock_id, &now);
  uint64_t used = known ? wsig_limits_used(b, now.cpu_ns) : ended;
  wsig_thread_end_call(thread);
  return used;
}

wasmsig_budget_state wasmsig_budget_get_state(const wasmsig_budget *budget) {
  if (!budget) return WASMSIG_BUDGET_READY;
  return (wasmsig_budget_state)wsig_load_relaxed(
      &wsig_budget_of_const(budget)->state);
}

wasmsig_limit wasmsig_budget_get_limit(const wasmsig_budget *budget) {
  if (!budget) return WASMSIG_LIMIT_NONE;
  return (wasmsig_limit)wsig_load_relaxed(&wsig_budget_of_const(budget)->limit);
}
