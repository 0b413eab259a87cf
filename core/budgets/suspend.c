/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Suspend and resume: a coroutine's sections are taken off a thread and put on
 * a thread again.
 *
 * To take a section off is to leave it, and to put it on is to enter it, so the
 * proof of these holds (enter_leave.c): no kill runs once a section is off,
 * none begins while it is off, and its kill in the engine is undone. The
 * differences:
 *  1. a budget counts its suspended enters (`suspended`), so no thread can
 *     reset or destroy it meanwhile. The count goes up before the section is
 *     left, and down after it was entered: a thread that finds no holder of the
 *     budget (acquire) finds the count as well
 *  2. a section is put on even if its budget is spent. Its kill is due then,
 *     no matter which section has used the limit up: one before the suspension,
 *     or another one since. So no kill has to be remembered
 *  3. an enter of a budget that another section of the thread is in only nests,
 *     whichever of them came first. Sections are left from the top, so the last
 *     enter that is left is the first one, as in enter_leave.c
 * If a section cannot be put on, those that were are taken off again: all or
 * none.
 *
 * Entries change under the thread's lock, which a fork takes. So the child
 * finds each enter of another thread in the suspension, counted, or not there.
 */
#include "budgets/enter_leave.h"
#include "budgets/suspension.h"
#include "budgets/thread_life.h"
#include "budgets/thread_lock.h"

_Static_assert(sizeof(struct wsig_suspension) <= sizeof(wasmsig_suspension),
               "wasmsig_suspension holds its parts");

static struct wsig_suspension *suspension_of(wasmsig_suspension *suspension) {
  return (struct wsig_suspension *)(void *)suspension;
}

/* From here on the thread fills or empties `s`; NULL: no suspension. */
static void set_moving(struct wsig_thread *thread, struct wsig_suspension *s) {
  wsig_thread_lock(thread);
  thread->moving = s;
  wsig_thread_unlock_own(thread);
}

static int take_off_down_to(struct wsig_thread *thread, size_t level,
                            struct wsig_suspension *s) {
  int outcome = WASMSIG_LEFT_READY;
  while (thread->level > level) {
    wsig_thread_lock(thread);
    wsig_suspension_push(s, thread->entered[thread->level - 1]);
    wsig_thread_unlock_own(thread);
    outcome = wsig_section_leave(thread);
  }
  return outcome;
}

/* If that fails, the suspension is as it was. */
static int put_on_all(struct wsig_thread *thread, struct wsig_suspension *s) {
  size_t level = thread->level;
  while (s->count > 0) {
    int error = wsig_section_enter(thread, wsig_suspension_last(s), true);
    if (error) {
      take_off_down_to(thread, level, s);
      return error;
    }
    wsig_thread_lock(thread);
    wsig_suspension_pop(s);
    wsig_thread_unlock_own(thread);
  }
  return WASMSIG_OK;
}

/* The outcome that the sections above `level` have already. */
static int outcome_above(struct wsig_thread *thread, size_t level) {
  int outcome = WASMSIG_LEFT_READY;
  wsig_thread_lock(thread);
  bool dying = wsig_section_is_dying(thread->innermost);
  for (size_t i = level; i < thread->level; i++) {
    const struct wsig_budget *b = thread->entered[i];
    if (b->soft_done && !outcome) outcome = WASMSIG_LEFT_SIGNALLED;
    if (b->hard_done) outcome = WASMSIG_LEFT_KILLED;
  }
  wsig_thread_unlock_own(thread);
  if (dying && outcome != WASMSIG_LEFT_KILLED)
    outcome = WASMSIG_LEFT_OUTER_KILLED;
  return outcome;
}

/* ---------------------------------------------------------------- the API */

int wasmsig_budget_suspend(size_t level, wasmsig_suspension *suspension) {
  struct wsig_thread *thread = wsig_here;
  size_t now = wasmsig_budget_level();
  if (!suspension || level > now) return WASMSIG_EINVAL;
  struct wsig_suspension *s = suspension_of(suspension);
  if (s->count > 0) return WASMSIG_EBUSY;
  if (!thread || level == now) return WASMSIG_LEFT_READY;
  if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  int outcome = WASMSIG_ENOMEM;
  if (wsig_suspension_reserve(s, now - level)) {
    set_moving(thread, s);
    outcome = take_off_down_to(thread, level, s);
    set_moving(thread, NULL);
  }
  wsig_thread_end_call(thread);
  return outcome;
}

int wasmsig_budget_resume(wasmsig_suspension *suspension) {
  if (!suspension) return WASMSIG_EINVAL;
  struct wsig_suspension *s = suspension_of(suspension);
  int outcome = WASMSIG_OK;
  struct wsig_thread *thread = wsig_thread_self(&outcome);
  if (!thread) return outcome;
  if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  size_t level = thread->level;
  set_moving(thread, s);
  outcome = put_on_all(thread, s);
  set_moving(thread, NULL);
  if (outcome == WASMSIG_OK) {
    wsig_suspension_free(s);
    outcome = outcome_above(thread, level);
  }
  wsig_thread_end_call(thread);
  return outcome;
}

int wasmsig_budget_discard(wasmsig_suspension *suspension) {
  if (!suspension) return WASMSIG_EINVAL;
  wsig_suspension_free(suspension_of(suspension));
  return WASMSIG_OK;
}
