/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Suspension: the sections of a coroutine, taken off a thread and put on again.
 *
 * To take a section off is to leave it, and to put it on is to enter it, so
 * what is proved of these holds (spend.c): no kill is under way once a section
 * is off, none begins while it is, and the engine's is undone. What differs:
 *  1. a budget counts its suspended enters (`suspended`), so that nobody resets
 *     or destroys it under them. The count goes up before the section is left,
 *     and down after it was entered: whoever finds no thread in the budget
 *     (acquire) finds the count as well
 *  2. a section is put on although its budget is spent. Its kill is due then,
 *     whoever has used the limit up and whenever: before the suspension, or in
 *     another section since. That is also why no kill has to be remembered
 *  3. an enter of a budget that another section of the thread is in only nests,
 *     whichever of them came first. Sections are left from the top, so the last
 *     enter to go is the first one there is, as in spend.c
 * A section that cannot be put on takes those off again that were: all or none.
 *
 * Entries change under the thread's lock, which a fork takes: the child finds
 * each enter of a thread that it does not have in the suspension, counted, or
 * not there at all.
 */
#include "atomics.h"
#include "budgets/budget.h"

#include <string.h>

struct wsig_suspension {
  size_t count;
  size_t room;                                /* of `more` */
  struct wsig_budget **more;                  /* NULL: there are few */
  struct wsig_budget *few[WSIG_USUAL_LEVELS]; /* the innermost first */
};

_Static_assert(sizeof(struct wsig_suspension) <= sizeof(wasmsig_suspension),
               "wasmsig_suspension holds its parts");

static struct wsig_suspension *suspension_of(wasmsig_suspension *suspension) {
  return (struct wsig_suspension *)(void *)suspension;
}

static struct wsig_budget **entries_of(struct wsig_suspension *s) {
  return s->more ? s->more : s->few;
}

static bool make_room(struct wsig_suspension *s, size_t count) {
  if (count <= WSIG_USUAL_LEVELS) return true;
  s->more = wsig_os_pages(count * sizeof s->more[0]);
  s->room = count;
  return s->more != NULL;
}

static void be_empty(struct wsig_suspension *s) {
  if (s->more) wsig_os_pages_free(s->more, s->room * sizeof s->more[0]);
  memset(s, 0, sizeof *s);
}

static void move(struct wsig_thread *thread, struct wsig_suspension *s) {
  wsig_thread_lock(thread);
  thread->moving = s;
  wsig_thread_unlock_own(thread);
}

/* Under the lock: the thread's innermost enter. */
static void note(struct wsig_thread *thread, struct wsig_suspension *s) {
  struct wsig_budget *b = thread->entered[thread->level - 1];
  entries_of(s)[s->count++] = b;
  wsig_add_relaxed(&b->suspended, 1);
}

static void strike(struct wsig_suspension *s) {
  struct wsig_budget *b = entries_of(s)[--s->count];
  /* Release: whoever finds 0 finds what was done to the budget before. */
  wsig_sub_release(&b->suspended, 1);
}

static int take_off_down_to(struct wsig_thread *thread, size_t level,
                            struct wsig_suspension *s) {
  int outcome = WASMSIG_LEFT_READY;
  while (thread->level > level) {
    wsig_thread_lock(thread);
    note(thread, s);
    wsig_thread_unlock_own(thread);
    outcome = wsig_section_take_off(thread);
  }
  return outcome;
}

/* Leaves the suspension as it was if that fails. */
static int put_on_all(struct wsig_thread *thread, struct wsig_suspension *s) {
  size_t level = thread->level;
  while (s->count > 0) {
    struct wsig_budget *b = entries_of(s)[s->count - 1];
    int error = wsig_section_put_on(thread, b, true);
    if (error) {
      take_off_down_to(thread, level, s);
      return error;
    }
    wsig_thread_lock(thread);
    strike(s);
    wsig_thread_unlock_own(thread);
  }
  return WASMSIG_OK;
}

/* What the sections above `level` are to expect. */
static int outlook(struct wsig_thread *thread, size_t level) {
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
  if (!wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  int outcome = WASMSIG_ENOMEM;
  if (make_room(s, now - level)) {
    move(thread, s);
    outcome = take_off_down_to(thread, level, s);
    move(thread, NULL);
  }
  wsig_thread_go_outside(thread);
  return outcome;
}

int wasmsig_budget_resume(wasmsig_suspension *suspension) {
  if (!suspension) return WASMSIG_EINVAL;
  struct wsig_suspension *s = suspension_of(suspension);
  int outcome = WASMSIG_OK;
  struct wsig_thread *thread = wsig_thread_self(&outcome);
  if (!thread) return outcome;
  if (!wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  size_t level = thread->level;
  move(thread, s);
  outcome = put_on_all(thread, s);
  move(thread, NULL);
  if (outcome == WASMSIG_OK) {
    be_empty(s);
    outcome = outlook(thread, level);
  }
  wsig_thread_go_outside(thread);
  return outcome;
}

int wasmsig_budget_discard(wasmsig_suspension *suspension) {
  if (!suspension) return WASMSIG_EINVAL;
  struct wsig_suspension *s = suspension_of(suspension);
  wsig_suspension_forget(s);
  be_empty(s);
  return WASMSIG_OK;
}

void wsig_suspension_forget(struct wsig_suspension *s) {
  while (s->count > 0) strike(s);
}
