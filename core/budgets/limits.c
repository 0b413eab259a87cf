/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Limits: what happens when a section reaches them. All code here may run in a
 * signal handler.
 *
 * It is called under the thread's lock, with two exceptions. A thread calls
 * wsig_limits_used for a section of its own also without the lock: other
 * threads do not change what this function reads. In the child of a fork, the
 * sections of the other threads need no lock: those threads do not exist there.
 *
 * Never early: a limit is acted on only after a reading of its clock has
 * reached it: the CPU clock, or the monotonic clock for the wall limit. Never
 * lost: a check acts on the soft limit before the hard one, and the next enter
 * acts on a limit that was passed between two checks.
 */
#include "budgets/limits.h"

#include "signals/registry.h"

/* CPU time after which a section that still runs is killed again: other code in
 * its thread (node:vm, for example) may have taken the kill for its own. */
#define KILL_AGAIN_NS UINT64_C(1000000)
/* Time after which it is killed again past its wall limit: it may have fallen
 * asleep, and then it uses no CPU time. */
#define KILL_AGAIN_WALL_NS UINT64_C(20000000)

/* Answers how many instances received the signal. */
static uint64_t raise_in(const struct wsig_budget *budget) {
  int64_t reached = 0;
  if (!budget->instances)
    reached = wasmsig_registry_raise(budget->registry, budget->signal);
  for (size_t i = 0; budget->instances && i < budget->count; i++)
    reached += wasmsig_instance_raise(budget->registry, budget->instances[i],
                                      budget->signal) > 0;
  return reached > 0 ? (uint64_t)reached : 0;
}

/* Notes how often the signal had been cleared in the registry before
 * (withdraw.c). */
void wsig_limits_raise(struct wsig_budget *budget) {
  if (!budget->registry) return;
  budget->signalled = true;
  budget->unreceived = false;
  budget->clear_count =
      wsig_load_relaxed(&budget->registry->clear_count[budget->signal]);
  budget->reached = raise_in(budget);
}

void wsig_limits_reach_soft(struct wsig_budget *budget) {
  budget->soft_done = true;
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_SIGNALLED);
  wsig_add_relaxed(&wsig_statistics.soft, 1);
  wsig_limits_raise(budget);
  if (budget->raise) budget->raise(budget->context);
}

static void end(struct wsig_budget *budget, wasmsig_limit limit) {
  budget->hard_done = true;
  wsig_store_relaxed(&budget->limit, limit);
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_KILLED);
}

void wsig_limits_reach_hard(struct wsig_budget *budget) {
  if (!budget->soft_done && budget->soft_ns != WASMSIG_NO_LIMIT)
    wsig_limits_reach_soft(budget);
  end(budget, WASMSIG_LIMIT_HARD);
}

static bool is_past_wall(const struct wsig_budget *budget) {
  return budget->wall_at_ns != WSIG_NEVER &&
         wsig_clock->monotonic_ns() >= budget->wall_at_ns;
}

bool wsig_limits_reach_wall_or_kill(struct wsig_budget *budget) {
  if (budget->hard_done) return false;
  /* seq_cst: after the budget's thread was stored (kill.c). */
  if (wsig_load_seq_cst(&budget->kill_asked))
    end(budget, WASMSIG_LIMIT_KILL);
  else if (is_past_wall(budget))
    end(budget, WASMSIG_LIMIT_WALL);
  return budget->hard_done;
}

void wsig_limits_begin_kill(struct wsig_budget *budget, uint64_t used_ns) {
  if (!budget->kill_begun) wsig_add_relaxed(&wsig_statistics.kills, 1);
  budget->kill_due = false;
  budget->kill_begun = true;
  budget->kill_again_ns = used_ns + KILL_AGAIN_NS;
  if (budget->limit == WASMSIG_LIMIT_KILL || is_past_wall(budget))
    budget->wall_at_ns = wsig_clock->monotonic_ns() + KILL_AGAIN_WALL_NS;
}

/* Below 0: when the section began, the time from ticks was a little ahead of
 * the CPU clock. That surplus was charged to the section before it, so it is
 * deducted here. */
uint64_t wsig_limits_used(const struct wsig_budget *budget, uint64_t cpu_ns) {
  int64_t used = (int64_t)(wsig_load_relaxed(&budget->used_ns) +
                           (cpu_ns - budget->start_ns));
  return used > 0 ? (uint64_t)used : 0;
}

/* The limit may also be the time at which a kill that had no effect is
 * repeated. */
uint64_t wsig_limits_left(const struct wsig_budget *budget, uint64_t used_ns) {
  uint64_t limit = budget->hard_done ? WASMSIG_NO_LIMIT : budget->hard_ns;
  if (budget->kill_begun && !budget->kill_due) limit = budget->kill_again_ns;
  if (!budget->soft_done && budget->soft_ns > used_ns &&
      budget->soft_ns < limit)
    limit = budget->soft_ns;
  if (!budget->hard_done && wsig_load_relaxed(&budget->kill_asked)) return 0;
  if (limit == WASMSIG_NO_LIMIT) return WSIG_NEVER;
  return limit > used_ns ? limit - used_ns : 0;
}

/* `may_kill`: a kill that is async-signal-safe may be called now. */
static bool act(struct wsig_budget *budget, uint64_t used_ns, bool may_kill) {
  bool acted = false;
  if (!budget->soft_done && used_ns >= budget->soft_ns) {
    wsig_limits_reach_soft(budget);
    acted = true;
  }
  bool first = !budget->hard_done && used_ns >= budget->hard_ns;
  bool again = budget->kill_begun && used_ns >= budget->kill_again_ns;
  if (first) wsig_limits_reach_hard(budget);
  bool by_wall = budget->kill_begun && is_past_wall(budget);
  if (wsig_limits_reach_wall_or_kill(budget)) by_wall = true;
  if (first || again || by_wall) budget->kill_due = true;
  if (budget->kill_due && budget->kill_is_signal_safe && may_kill) {
    wsig_limits_begin_kill(budget, used_ns);
    budget->kill(budget->context);
  }
  return acted || first || again;
}

struct wsig_check wsig_limits_check(struct wsig_thread *thread,
                                    uint64_t cpu_ns) {
  struct wsig_check check = {.left_ns = WSIG_NEVER, .wall_at_ns = WSIG_NEVER};
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer) {
    uint64_t used = wsig_limits_used(b, cpu_ns);
    if (act(b, used, !thread->undoing)) check.acted = true;
    check.kill_due |= b->kill_due;
    uint64_t left = wsig_limits_left(b, used);
    if (left < check.left_ns) check.left_ns = left;
    if (!b->kill_due && b->wall_at_ns < check.wall_at_ns)
      check.wall_at_ns = b->wall_at_ns;
  }
  return check;
}
