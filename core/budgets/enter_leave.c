/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Enter and leave, in the thread that uses the CPU time. What happens at limits
 * is in limits.c; the parties that check them are in timer_handler.c and
 * watchdog.c.
 *
 * Each section notes the thread's CPU clock at its beginning. So the time that
 * a budget has used is one subtraction, an outer section's time includes the
 * inner ones', and time asleep or preempted does not count, because that clock
 * does not run then.
 *
 * Kill races: a kill begins under the thread's lock, and only for a section
 * that is in the list. Leave takes the section out under the same lock, at a
 * moment when no kill runs (`killing`). So leave waits for a kill that has
 * begun, and none begins after it. The effect of the kill on the engine is
 * undone before leave returns, unless an outer section is being killed in the
 * same engine: then the leave of that section undoes it.
 *
 * A handler that interrupts a call about budgets of its own thread cannot begin
 * a second one (`in_call`): it receives an error instead.
 */
#include "budgets/enter_leave.h"

#include "budgets/kill_queue.h"
#include "budgets/limits.h"
#include "budgets/suspension.h"
#include "budgets/thread_check.h"
#include "budgets/thread_life.h"
#include "budgets/thread_lock.h"
#include "budgets/timer_arm.h"
#include "budgets/timers.h"
#include "budgets/watchdog.h"
#include "budgets/withdraw.h"
#include "signals/registry.h"
#include "test_points.h"

#include <string.h>

/* ------------------------------------------------------------------ enter */

/* Doubles the room. The old array stays valid until the new one is in use. */
static bool make_room(struct wsig_thread *thread) {
  if (thread->level < thread->room) return true;
  size_t size = thread->room * sizeof thread->entered[0];
  struct wsig_budget **smaller = thread->entered;
  struct wsig_budget **larger = wsig_os_pages(2 * size);
  if (!larger) return false;
  memcpy(larger, smaller, size);
  thread->entered = larger;
  thread->room *= 2;
  if (smaller != thread->inline_entered) wsig_os_pages_free(smaller, size);
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
    thread->sleeps = WSIG_SLEEPS_UNKNOWN;
  }
  b->start_ns = now->cpu_ns;
  b->outer = thread->innermost;
  b->depth = 1;
  thread->innermost = b;
  thread->entered[thread->level++] = b;
  if (!b->soft_done && !b->hard_done)
    wsig_store_relaxed(&b->state, WASMSIG_BUDGET_RUNNING);
}

/* Under the lock: charges the innermost section's time, and takes the section
 * off the list. */
static void end_section(struct wsig_thread *thread, uint64_t cpu_ns) {
  struct wsig_budget *b = thread->innermost;
  uint64_t used = wsig_limits_used(b, cpu_ns);
  wsig_store_relaxed(&b->used_ns, used);
  if (!b->hard_done && used >= b->hard_ns) wsig_limits_reach_hard(b);
  wsig_limits_reach_wall_or_kill(b);
  if (!b->soft_done && !b->hard_done)
    wsig_store_relaxed(&b->state, WASMSIG_BUDGET_READY);
  thread->innermost = b->outer;
  thread->level--;
  b->outer = NULL;
  b->depth = 0;
  b->kill_due = false;
}

/* The leaving thread's last access to the budget. */
static void release(struct wsig_budget *b) {
  /* Release: the next thread that enters reads what this one has stored. */
  wsig_store_release(&b->thread, NULL);
}

/* Notes the budget for a fork by another thread: it may come while this thread
 * is the budget's holder, but its section has not begun or has already ended.
 */
static void note_entering(struct wsig_thread *thread, struct wsig_budget *b) {
  wsig_store_relaxed(&thread->entering, b);
  wsig_handler_fence();
}

bool wsig_section_is_dying(const struct wsig_budget *from) {
  for (; from; from = from->outer)
    if (from->kill_begun || from->kill_due) return true;
  return false;
}

/* A section around the budget's is being killed in the same engine. */
static bool dies_with(const struct wsig_budget *b,
                      const struct wsig_budget *outer) {
  for (; outer; outer = outer->outer)
    if (outer->kill_begun && outer->undo == b->undo &&
        outer->context == b->context)
      return true;
  return false;
}

/* Under the lock, which it releases meanwhile: the host's function may wait. No
 * kill of an outer section begins before the undo has ended (`undoing`): the
 * undo would cancel it too. */
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
  wsig_or_relaxed(&thread->check_due, WSIG_CHECK_REQUESTED);
  wsig_kill_queue_add(thread);
}

/* Under the lock: undoes a kill if this is the outermost section that it was
 * for. Answers the outcome of the leave. */
static int finish_kill(struct wsig_thread *thread, struct wsig_budget *b) {
  bool undo = b->kill_begun && b->undo && !dies_with(b, thread->innermost);
  b->kill_begun = false;
  if (undo) undo_kill(thread, b);
  if (wsig_section_is_dying(thread->innermost))
    return WASMSIG_LEFT_OUTER_KILLED;
  if (b->hard_done) return WASMSIG_LEFT_KILLED;
  return b->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

/* Under the lock: the soft limit was passed before this section began, and the
 * signal was not raised yet, or no guest took it before the last section ended.
 */
static void signal_late(struct wsig_budget *b) {
  if (!b->soft_done)
    wsig_limits_reach_soft(b);
  else if (b->unreceived)
    wsig_limits_raise(b);
}

/* Under the lock: a spent section is resumed. */
static void kill_at_once(struct wsig_budget *b) {
  if (b->unreceived) wsig_limits_raise(b); /* before the kill */
  b->kill_due = true;
}

/* Takes the lock at a moment when no kill runs. Under the lock, none begins. */
static void lock_without_kills(struct wsig_thread *thread) {
  for (;;) {
    wsig_thread_lock(thread);
    /* Acquire: reads what the kill did. */
    uint32_t killing = wsig_load_acquire(&thread->killing);
    if (killing == WSIG_NO_KILL) return;
    uint32_t runs = WSIG_KILL_RUNS;
    wsig_thread_unlock_own(thread);
    if (killing == WSIG_KILL_IS_AWAITED ||
        wsig_cas_relaxed(&thread->killing, &runs, WSIG_KILL_IS_AWAITED))
      wsig_os_wait(&thread->killing, WSIG_KILL_IS_AWAITED, WSIG_NEVER);
  }
}

/* The section cannot be watched: undoes its beginning. */
static void give_up(struct wsig_thread *thread, struct wsig_budget *b) {
  lock_without_kills(thread);
  end_section(thread, b->start_ns);
  bool withdrawn = wsig_section_withdraw(thread, b);
  finish_kill(thread, b);
  wsig_thread_unlock_own(thread);
  if (withdrawn) wsig_withdrawn_raise_again(b);
}

/* How long the thread's signal mask counts as known. */
#define MASK_KNOWN_NS UINT64_C(10000000)

/* Under the lock. If the thread blocks the signal, a timer's signal would wait
 * for a call of sigwaitinfo(2) that is not meant for it. */
static bool may_be_timed(struct wsig_thread *thread, uint64_t now_ns) {
  if (!thread->timer.made || thread->timer_blocked) return false;
  if (!thread->signal_masked ||
      now_ns - thread->mask_read_ns >= MASK_KNOWN_NS) {
    thread->signal_masked = wsig_os_blocks(thread->timer.signal);
    thread->mask_read_ns = now_ns;
  }
  return !thread->signal_masked;
}

/* Under the lock. */
static void set_timer(struct wsig_thread *thread, uint64_t now_ns,
                      uint64_t at_ns) {
  if (!may_be_timed(thread, now_ns)) return;
  wsig_add_relaxed(&wsig_statistics.arms, 1);
  wsig_timer_arm(thread, at_ns);
  thread->asleep = false;
  if (wsig_clock->sleeps) thread->sleeps = wsig_clock->sleeps();
}

/* The timer or the watchdog checks at `at_ns`. Behind a timer, the watchdog is
 * the backstop. It alone checks the wall limit, whose time is `wall_at_ns`: a
 * timer's signal would interrupt the system call that the thread sleeps in. */
static int be_watched(struct wsig_thread *thread, uint64_t at_ns, bool timed,
                      uint64_t wall_at_ns) {
  if (timed && at_ns != WSIG_NEVER) at_ns += WSIG_BACKSTOP_NS;
  if (wall_at_ns < at_ns) at_ns = wall_at_ns;
  if (at_ns == WSIG_NEVER) return WASMSIG_OK;
  return wsig_watchdog_check_by(thread, at_ns);
}

/* In the budget's thread, before its section begins: the wall limit is counted
 * from the first enter on. It may have passed since, and the budget may have
 * been killed. */
static void begin_wall(struct wsig_budget *b) {
  if (!b->wall_at_ns) b->wall_at_ns = wsig_clock->monotonic_ns() + b->wall_ns;
  wsig_limits_reach_wall_or_kill(b);
}

static int enter_first(struct wsig_thread *thread, struct wsig_budget *b,
                       bool resumes) {
  struct wsig_reading now;
  begin_wall(b);
  if (b->hard_done && !resumes) return WASMSIG_ESPENT;
  if (!make_room(thread)) return WASMSIG_ENOMEM;
  if (!wsig_cpu_clock_read(&thread->cpu_clock, thread->clock_id, &now))
    return WASMSIG_ECLOCK;

  uint64_t used = wsig_load_relaxed(&b->used_ns);
  bool late = b->soft_done ? b->unreceived : used >= b->soft_ns;
  wsig_thread_lock(thread);
  begin_section(thread, b, &now);
  if (b->hard_done) kill_at_once(b);
  uint64_t left = b->kill_due ? 0 : wsig_limits_left(b, used);
  uint64_t at_ns = left == WSIG_NEVER ? left : now.monotonic_ns + left;
  if (left != WSIG_NEVER && thread->timer_at > at_ns)
    set_timer(thread, now.monotonic_ns, at_ns);
  bool timed = wsig_timer_is_usable(thread);
  uint64_t wall_at_ns = b->wall_at_ns;
  wsig_thread_unlock_own(thread);

  int error = be_watched(thread, at_ns, timed, wall_at_ns);
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
  /* Acquire: reads what the last holder has stored. Release: `entering` was
   * stored before. seq_cst: before `kill_asked` is loaded (kill.c). */
  if (!wsig_cas_seq_cst(&b->thread, &holder, thread))
    return holder == thread ? enter_again(thread, b, resumes) : WASMSIG_EBUSY;
  int error = enter_first(thread, b, resumes);
  if (error) release(b);
  return error;
}

int wsig_section_enter(struct wsig_thread *thread, struct wsig_budget *budget,
                       bool resumes) {
  if (wsig_load_relaxed(&thread->timer_due)) wsig_timers_begin_late(thread);
  note_entering(thread, budget);
  int error = enter(thread, budget, resumes);
  note_entering(thread, NULL);
  return error;
}

/* In the child of a fork: sections that were running are watched from now on,
 * whatever the limits of the new one are. */
static void watch_after_fork(struct wsig_thread *thread) {
  if (wsig_load_relaxed(&wsig_watchdog_is_missing))
    wsig_watchdog_check_by(thread, 0);
}

int wasmsig_budget_enter(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  int error = WASMSIG_OK;
  struct wsig_thread *thread = wsig_thread_self(&error);
  if (!thread) return error;
  if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  error = wsig_section_enter(thread, wsig_budget_of(budget), false);
  watch_after_fork(thread);
  wsig_thread_end_call(thread);
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

/* The CPU clock now. It is read from the kernel, not computed from ticks, if
 * the hard limit seems to be reached, or if `exact`. */
static uint64_t end_of(struct wsig_thread *thread, const struct wsig_budget *b,
                       bool exact) {
  struct wsig_reading now;
  if (!wsig_cpu_clock_read(&thread->cpu_clock, thread->clock_id, &now))
    return b->start_ns;
  if (!exact) exact = wsig_limits_used(b, now.cpu_ns) >= b->hard_ns;
  if (exact && !wsig_cpu_clock_is_synced(&thread->cpu_clock))
    wsig_cpu_clock_sync(&thread->cpu_clock, thread->clock_id, &now);
  return now.cpu_ns;
}

/* Another party has acted on a limit between the reading and the lock: its
 * reading was later. */
static bool is_short_of_limits(const struct wsig_budget *b, uint64_t cpu_ns) {
  uint64_t used = wsig_limits_used(b, cpu_ns);
  return (b->soft_done && used < b->soft_ns) ||
         (b->hard_done && used < b->hard_ns);
}

int wsig_section_leave(struct wsig_thread *thread) {
  struct wsig_budget *b = thread->entered[thread->level - 1];
  bool ends = b->depth == 1;
  uint64_t cpu_ns = ends ? end_of(thread, b, false) : 0;
  note_entering(thread, b);
  lock_without_kills(thread);
  if (ends && is_short_of_limits(b, cpu_ns)) cpu_ns = end_of(thread, b, true);
  if (ends) end_section(thread, cpu_ns);
  bool withdrawn = ends && wsig_section_withdraw(thread, b);
  int outcome = ends ? finish_kill(thread, b) : leave_again(thread, b);
  wsig_thread_unlock_own(thread);
  if (withdrawn) wsig_withdrawn_raise_again(b);
  if (ends) release(b);
  note_entering(thread, NULL);
  return outcome;
}

int wasmsig_budget_leave(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_thread *thread = wsig_here;
  if (!thread) return WASMSIG_EORDER;
  if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  bool innermost = thread->level > 0 &&
                   thread->entered[thread->level - 1] == wsig_budget_of(budget);
  int outcome = innermost ? wsig_section_leave(thread) : WASMSIG_EORDER;
  wsig_thread_end_call(thread);
  return outcome;
}

size_t wasmsig_budget_level(void) { return wsig_here ? wsig_here->level : 0; }

int wasmsig_budget_unwind(size_t level) {
  struct wsig_thread *thread = wsig_here;
  if (level > wasmsig_budget_level()) return WASMSIG_EINVAL;
  if (!thread) return WASMSIG_LEFT_READY;
  if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  int outcome = WASMSIG_LEFT_READY;
  while (thread->level > level) outcome = wsig_section_leave(thread);
  wsig_thread_end_call(thread);
  return outcome;
}

void wsig_sections_leave_all(struct wsig_thread *thread) {
  while (thread->level > 0) wsig_section_leave(thread);
}

void wsig_sections_abandon(struct wsig_thread *thread) {
  while (thread->innermost) {
    struct wsig_budget *b = thread->innermost;
    end_section(thread, b->start_ns);
    b->kill_begun = false;
    release(b);
  }
  if (thread->moving) wsig_suspension_clear(thread->moving);
  struct wsig_budget *entering = thread->entering;
  if (entering && wsig_load_relaxed(&entering->thread) == thread)
    release(entering);
}
