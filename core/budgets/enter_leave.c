/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Spending: enter and leave, as the thread that spends CPU time sees them. What
 * happens at limits is in section.c, who looks in firing.c and watchdog.c.
 *
 * Each section has noted the thread's CPU clock at its beginning, so what a
 * budget has used is one subtraction, an outer one's includes the inner ones',
 * and time asleep or preempted does not count, since that clock stands still
 * then.
 *
 * Kill races: a kill begins under the thread's lock, and only for a section
 * that is in the list. Leave takes the section out under the same lock, at a
 * moment when no kill is under way (`killing`). So it waits for a kill that has
 * begun, and none begins after. What the kill did to the engine is undone
 * before leave returns, unless an outer section is being killed in the same
 * engine: then its own leave undoes it.
 *
 * A call of ours that is interrupted by a handler of its own thread is never
 * begun a second time there (`inside`): the handler gets an error instead.
 */
#include "budgets/budget.h"
#include "signals/registry.h"
#include "test_points.h"

#include <string.h>

/* ------------------------------------------------------------------ enter */

/* The thread's own unlock: its handlers run before or after the store, so that
 * it needs no fence (section.c). */
void wsig_thread_unlock_own(struct wsig_thread *thread) {
  wsig_test_point(WSIG_POINT_UNLOCK_OWN);
  wsig_store_release(&thread->lock, 0);
  wsig_handler_fence();
  if (wsig_load_relaxed(&thread->look_due)) wsig_thread_have_looked(thread);
}

/* Twice as much room; what was there last stays until it is not needed. */
static bool make_room(struct wsig_thread *thread) {
  if (thread->level < thread->room) return true;
  size_t size = thread->room * sizeof thread->entered[0];
  struct wsig_budget **smaller = thread->entered;
  struct wsig_budget **larger = wsig_os_pages(2 * size);
  if (!larger) return false;
  memcpy(larger, smaller, size);
  thread->entered = larger;
  thread->room *= 2;
  if (smaller != thread->usually_entered) wsig_os_pages_free(smaller, size);
  return true;
}

static int enter_again(struct wsig_thread *thread, struct wsig_budget *b,
                       bool resumes) {
  if (!make_room(thread)) return WASMSIG_ENOMEM;
  int error = WASMSIG_ESPENT;
  wsig_thread_lock(thread);
  if (!b->hard_done || resumes) {
    b->depth++;
    thread->entered[thread->level++] = b;
    error = WASMSIG_OK;
  }
  wsig_thread_unlock_own(thread);
  return error;
}

/* Under the lock. */
static void begin_section(struct wsig_thread *thread, struct wsig_budget *b,
                          const struct wsig_reading *now) {
  if (!thread->innermost) {
    thread->seen_ns = thread->ran_ns = now->monotonic_ns;
    thread->seen_cpu_ns = now->cpu_ns;
    thread->switches = WSIG_UNKNOWN;
  }
  b->start_ns = now->cpu_ns;
  b->outer = thread->innermost;
  b->depth = 1;
  thread->innermost = b;
  thread->entered[thread->level++] = b;
  if (!b->soft_done && !b->hard_done)
    wsig_store_relaxed(&b->state, WASMSIG_BUDGET_RUNNING);
}

/* Under the lock: takes the innermost section off the list, its time charged.
 */
static void end_section(struct wsig_thread *thread, uint64_t cpu_ns) {
  struct wsig_budget *b = thread->innermost;
  uint64_t used = wsig_section_used(b, cpu_ns);
  wsig_store_relaxed(&b->used_ns, used);
  if (!b->hard_done && used >= b->hard_ns) wsig_section_reach_hard_limit(b);
  if (!b->soft_done && !b->hard_done)
    wsig_store_relaxed(&b->state, WASMSIG_BUDGET_READY);
  thread->innermost = b->outer;
  thread->level--;
  b->outer = NULL;
  b->depth = 0;
  b->kill_due = false;
}

/* Nobody is in it any more: the last access of the leaving thread. */
static void let_go(struct wsig_budget *b) {
  /* Release: the next thread that enters finds what this one has left. */
  wsig_store_release(&b->thread, NULL);
}

/* A fork may find this thread between becoming the budget's holder and
 * beginning its section, or between ending it and letting go. */
static void touch(struct wsig_thread *thread, struct wsig_budget *b) {
  wsig_store_relaxed(&thread->touching, b);
  wsig_handler_fence();
}

bool wsig_section_is_dying(const struct wsig_budget *from) {
  for (; from; from = from->outer)
    if (from->kill_begun || from->kill_due) return true;
  return false;
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

/* Under the lock, which it gives back meanwhile: the host may wait in there. No
 * kill of an outer section begins before it is over (`undoing`), which it would
 * undo as well. */
static void undo_kill(struct wsig_thread *thread, const struct wsig_budget *b) {
  thread->undoing = true;
  wsig_thread_unlock_own(thread);
  wsig_test_point(WSIG_POINT_UNDO_BEFORE);
  b->undo(b->context);
  wsig_test_point(WSIG_POINT_UNDO_AFTER);
  wsig_thread_lock(thread);
  thread->undoing = false;
  if (!wsig_section_is_dying(thread->innermost)) return;
  /* Kills that became due meanwhile. */
  wsig_or_relaxed(&thread->look_due, WSIG_ASKED);
  wsig_watchdog_want(thread);
}

/* Under the lock: an engine's kill is undone by the outermost section that it
 * was for. */
static int settle(struct wsig_thread *thread, struct wsig_budget *b) {
  bool undo = b->kill_begun && b->undo && !dies_with(b, thread->innermost);
  b->kill_begun = false;
  if (undo) undo_kill(thread, b);
  if (wsig_section_is_dying(thread->innermost))
    return WASMSIG_LEFT_OUTER_KILLED;
  if (b->hard_done) return WASMSIG_LEFT_KILLED;
  return b->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

/* Under the lock: a soft limit that was passed before this section began, and
 * that the guests have not been signalled, or not taken before the last
 * section's end. */
static void signal_late(struct wsig_budget *b) {
  if (!b->soft_done)
    wsig_section_signal(b);
  else if (b->unheard)
    wsig_section_tell(b);
}

/* Under the lock: a section that is resumed, and spent. */
static void be_killed_at_once(struct wsig_budget *b) {
  if (b->unheard) wsig_section_tell(b); /* before the kill */
  b->kill_due = true;
}

/* Takes the lock when no kill is under way, and none can begin. */
static void lock_without_kills(struct wsig_thread *thread) {
  for (;;) {
    wsig_thread_lock(thread);
    /* Acquire: what the kill did. */
    uint32_t killing = wsig_load_acquire(&thread->killing);
    if (!killing) return;
    uint32_t one = 1;
    wsig_thread_unlock_own(thread);
    if (killing == 2 || wsig_cas_relaxed(&thread->killing, &one, 2))
      wsig_os_wait(&thread->killing, 2, WSIG_NEVER);
  }
}

/* The section cannot be watched: as if it had not begun. */
static void give_up(struct wsig_thread *thread, struct wsig_budget *b) {
  lock_without_kills(thread);
  end_section(thread, b->start_ns);
  bool withdrawn = wsig_section_withdraw(thread, b);
  settle(thread, b);
  wsig_thread_unlock_own(thread);
  if (withdrawn) wsig_withdrawn_tell_again(b);
}

/* How soon a thread that blocks the timer's signal is asked again. */
#define ASK_AGAIN_NS UINT64_C(10000000)

/* Under the lock. A signal that the thread blocks would wait for whoever takes
 * it by sigwaitinfo(2). */
static bool may_be_timed(struct wsig_thread *thread, uint64_t now_ns) {
  if (!thread->timer.made || thread->deaf) return false;
  if (!thread->blocks || now_ns - thread->asked_ns >= ASK_AGAIN_NS) {
    thread->blocks = wsig_os_blocks(thread->timer.signal);
    thread->asked_ns = now_ns;
  }
  return !thread->blocks;
}

/* Under the lock. */
static void set_timer(struct wsig_thread *thread, uint64_t now_ns,
                      uint64_t at_ns) {
  if (!may_be_timed(thread, now_ns)) return;
  wsig_add_relaxed(&wsig_statistics.arms, 1);
  wsig_thread_arm(thread, at_ns);
  thread->asleep = false;
  if (wsig_clock->switches) thread->switches = wsig_clock->switches();
}

/* Whoever fires looks at `at_ns`; the watchdog in case that it does not. */
static int be_watched(struct wsig_thread *thread, uint64_t at_ns, bool timed) {
  return wsig_watchdog_by(thread, timed ? at_ns + WSIG_NET_NS : at_ns);
}

static int enter_first(struct wsig_thread *thread, struct wsig_budget *b,
                       bool resumes) {
  struct wsig_reading now;
  if (b->hard_done && !resumes) return WASMSIG_ESPENT;
  if (!make_room(thread)) return WASMSIG_ENOMEM;
  if (!wsig_meter_read(&thread->meter, thread->clock, &now))
    return WASMSIG_ECLOCK;

  uint64_t used = wsig_load_relaxed(&b->used_ns);
  bool late = b->soft_done ? b->unheard : used >= b->soft_ns;
  wsig_thread_lock(thread);
  begin_section(thread, b, &now);
  if (b->hard_done) be_killed_at_once(b);
  uint64_t left = b->kill_due ? 0 : wsig_section_left(b, used);
  uint64_t at_ns = now.monotonic_ns + left;
  if (left != WSIG_NEVER && thread->timer_at > at_ns)
    set_timer(thread, now.monotonic_ns, at_ns);
  bool timed = wsig_thread_is_timed(thread);
  wsig_thread_unlock_own(thread);

  int error =
      left == WSIG_NEVER ? WASMSIG_OK : be_watched(thread, at_ns, timed);
  if (error) {
    give_up(thread, b);
  } else if (late) {
    wsig_thread_lock(thread);
    signal_late(b);
    wsig_thread_unlock_own(thread);
  }
  return error;
}

static int enter(struct wsig_thread *thread, struct wsig_budget *b,
                 bool resumes) {
  struct wsig_thread *holder = NULL;
  /* Acquire: what the last one has left. Release: after `touching`. */
  if (!wsig_cas_acq_rel(&b->thread, &holder, thread))
    return holder == thread ? enter_again(thread, b, resumes) : WASMSIG_EBUSY;
  int error = enter_first(thread, b, resumes);
  if (error) let_go(b);
  return error;
}

int wsig_section_put_on(struct wsig_thread *thread, struct wsig_budget *budget,
                        bool resumes) {
  if (wsig_load_relaxed(&thread->timer_due)) wsig_firing_begin_late(thread);
  touch(thread, budget);
  int error = enter(thread, budget, resumes);
  touch(thread, NULL);
  return error;
}

/* In the child of a fork: sections that were running are watched from now on,
 * whatever this one's limits are. */
static void watch_anew(struct wsig_thread *thread) {
  if (wsig_load_relaxed(&wsig_watchdog_anew)) wsig_watchdog_by(thread, 0);
}

int wasmsig_budget_enter(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  int error = WASMSIG_OK;
  struct wsig_thread *thread = wsig_thread_self(&error);
  if (!thread) return error;
  if (!wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  error = wsig_section_put_on(thread, wsig_budget_of(budget), false);
  watch_anew(thread);
  wsig_thread_go_outside(thread);
  return error;
}

/* ------------------------------------------------------------------ leave */

/* Under the lock: the budget stays entered. */
static int leave_again(struct wsig_thread *thread, struct wsig_budget *b) {
  thread->level--;
  b->depth--;
  if (wsig_section_is_dying(thread->innermost))
    return WASMSIG_LEFT_OUTER_KILLED;
  return b->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

/* The CPU clock now. What looks like the hard limit is not told from ticks, nor
 * is it `exact`. */
static uint64_t end_of(struct wsig_thread *thread, const struct wsig_budget *b,
                       bool exact) {
  struct wsig_reading now;
  if (!wsig_meter_read(&thread->meter, thread->clock, &now)) return b->start_ns;
  if (!exact) exact = wsig_section_used(b, now.cpu_ns) >= b->hard_ns;
  if (exact && !wsig_meter_is_synced(&thread->meter))
    wsig_meter_sync(&thread->meter, thread->clock, &now);
  return now.cpu_ns;
}

/* Between the reading and the lock somebody has looked at the clock, later. */
static bool is_short_of_limits(const struct wsig_budget *b, uint64_t cpu_ns) {
  uint64_t used = wsig_section_used(b, cpu_ns);
  return (b->soft_done && used < b->soft_ns) ||
         (b->hard_done && used < b->hard_ns);
}

int wsig_section_take_off(struct wsig_thread *thread) {
  struct wsig_budget *b = thread->entered[thread->level - 1];
  bool ends = b->depth == 1;
  uint64_t cpu_ns = ends ? end_of(thread, b, false) : 0;
  touch(thread, b);
  lock_without_kills(thread);
  if (ends && is_short_of_limits(b, cpu_ns)) cpu_ns = end_of(thread, b, true);
  if (ends) end_section(thread, cpu_ns);
  bool withdrawn = ends && wsig_section_withdraw(thread, b);
  int outcome = ends ? settle(thread, b) : leave_again(thread, b);
  wsig_thread_unlock_own(thread);
  if (withdrawn) wsig_withdrawn_tell_again(b);
  if (ends) let_go(b);
  touch(thread, NULL);
  return outcome;
}

int wasmsig_budget_leave(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_thread *thread = wsig_here;
  if (!thread) return WASMSIG_EORDER;
  if (!wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  bool innermost = thread->level > 0 &&
                   thread->entered[thread->level - 1] == wsig_budget_of(budget);
  int outcome = innermost ? wsig_section_take_off(thread) : WASMSIG_EORDER;
  wsig_thread_go_outside(thread);
  return outcome;
}

size_t wasmsig_budget_level(void) { return wsig_here ? wsig_here->level : 0; }

int wasmsig_budget_unwind(size_t level) {
  struct wsig_thread *thread = wsig_here;
  if (level > wasmsig_budget_level()) return WASMSIG_EINVAL;
  if (!thread) return WASMSIG_LEFT_READY;
  if (!wsig_thread_go_inside(thread)) return WASMSIG_EHANDLER;
  int outcome = WASMSIG_LEFT_READY;
  while (thread->level > level) outcome = wsig_section_take_off(thread);
  wsig_thread_go_outside(thread);
  return outcome;
}

void wsig_budget_abandon(struct wsig_thread *thread, bool undo) {
  if (undo) {
    while (thread->level > 0) wsig_section_take_off(thread);
    return;
  }
  while (thread->innermost) {
    struct wsig_budget *b = thread->innermost;
    end_section(thread, b->start_ns);
    b->kill_begun = false;
    let_go(b);
  }
  if (thread->moving) wsig_suspension_forget(thread->moving);
  struct wsig_budget *touched = thread->touching;
  if (touched && wsig_load_relaxed(&touched->thread) == thread) let_go(touched);
}
