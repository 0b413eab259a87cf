/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections: what happens at their limits. All code here may run in a signal
 * handler.
 *
 * A thread's running sections form a list from the innermost outwards. Three
 * look at it or change it: the thread, the handler of its timer, which
 * interrupts it anywhere, and the watchdog. Whoever does holds `lock`. The
 * handler must not wait for it: the holder may be the very code that it has
 * interrupted. So it leaves a note, `look_due`, and the holder looks in its
 * place; the watchdog does the same rather than wait. Their notes are two bits:
 * each is set beside the other, never over it. Why no note is overlooked:
 *  1. the handler sets its bit and then tries the lock; a holder gives the
 *     lock back and then loads the note (all seq_cst). So either the handler
 *     gets the lock, or the holder sees the note
 *  2. the thread itself needs no fence for that: its handler runs either before
 *     or after its store to `lock`
 * Nobody holds the lock for long: no lock, no wait and no call of the host's
 * comes under it, but kills that are async-signal-safe. The handler runs with
 * all signals blocked and counts as a call about budgets, so that no other
 * handler of the thread can wait for the lock that it holds.
 *
 * Never early: a limit is acted on only where the CPU clock, read after the
 * fact, has reached it. Never lost: a look does the soft limit before the hard
 * one, and the next enter does what was passed between looks.
 */
#include "budgets/budget.h"
#include "signals/registry.h"
#include "test_points.h"

/* ---------------------------------------------------------------- the lock */

bool wsig_thread_try_lock(struct wsig_thread *thread) {
  uint32_t nobody = 0;
  /* seq_cst: after the note of a handler; see the top. */
  return wsig_cas_seq_cst(&thread->lock, &nobody, 1);
}

/* Under the lock. `why`: the notes that were taken. */
static void look_and_arm(struct wsig_thread *thread, uint32_t why);

void wsig_thread_unlock(struct wsig_thread *thread) {
  for (;;) {
    wsig_test_point(WSIG_POINT_UNLOCK);
    /* seq_cst: before the note is loaded; see the top. */
    wsig_store_seq_cst(&thread->lock, 0);
    wsig_test_point(WSIG_POINT_UNLOCKED);
    if (!wsig_load_seq_cst(&thread->look_due) || !wsig_thread_try_lock(thread))
      return;
    look_and_arm(thread, wsig_exchange_relaxed(&thread->look_due, 0));
  }
}

/* Leaves a note, and looks if nobody else is going to. */
static void have_looked(struct wsig_thread *thread, uint32_t why) {
  /* seq_cst: before the lock is tried. */
  wsig_or_seq_cst(&thread->look_due, why);
  wsig_test_point(WSIG_POINT_REQUESTED);
  if (!wsig_thread_try_lock(thread)) return;
  look_and_arm(thread, wsig_exchange_relaxed(&thread->look_due, 0));
  wsig_thread_unlock(thread);
}

void wsig_thread_fire(struct wsig_thread *thread) {
  have_looked(thread, WSIG_FIRED);
}

void wsig_thread_have_looked(struct wsig_thread *thread) {
  have_looked(thread, WSIG_ASKED);
}

/* -------------------------------------------------------------- at limits */

/* CPU time after which a section that is still there is killed again: somebody
 * else in its thread (node:vm, say) may have taken the kill for its own. */
#define KILL_AGAIN_NS UINT64_C(1000000)

/* How many instances got it. */
static uint64_t raise_in(const struct wsig_budget *budget) {
  int64_t reached = 0;
  if (!budget->instances)
    reached = wasmsig_registry_raise(budget->registry, budget->signal);
  for (size_t i = 0; budget->instances && i < budget->count; i++)
    reached += wasmsig_instance_raise(budget->registry, budget->instances[i],
                                      budget->signal) > 0;
  return reached > 0 ? (uint64_t)reached : 0;
}

/* Signals the guests, and remembers how often the signal had been taken back in
 * the registry by then. */
void wsig_section_tell(struct wsig_budget *budget) {
  if (!budget->registry) return;
  budget->told = true;
  budget->unheard = false;
  uint32_t *withdrawals = &budget->registry->withdrawals[budget->signal];
  budget->withdrawals = wsig_load_relaxed(withdrawals);
  budget->reached = raise_in(budget);
}

void wsig_section_signal(struct wsig_budget *budget) {
  budget->soft_done = true;
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_SIGNALLED);
  wsig_add_relaxed(&wsig_statistics.soft, 1);
  wsig_section_tell(budget);
}

void wsig_section_reach_hard_limit(struct wsig_budget *budget) {
  if (!budget->soft_done && budget->soft_ns != WASMSIG_NO_LIMIT)
    wsig_section_signal(budget);
  budget->hard_done = true;
  wsig_store_relaxed(&budget->state, WASMSIG_BUDGET_KILLED);
}

void wsig_section_begin_kill(struct wsig_budget *budget, uint64_t used_ns) {
  if (!budget->kill_begun) wsig_add_relaxed(&wsig_statistics.kills, 1);
  budget->kill_due = false;
  budget->kill_begun = true;
  budget->kill_again_ns = used_ns + KILL_AGAIN_NS;
}

/* Ticks may have run ahead of the CPU clock by a little when it began. What was
 * too much then has been charged to the section before: it is taken off. */
uint64_t wsig_section_used(const struct wsig_budget *budget, uint64_t cpu_ns) {
  int64_t used = (int64_t)(wsig_load_relaxed(&budget->used_ns) +
                           (cpu_ns - budget->start_ns));
  return used > 0 ? (uint64_t)used : 0;
}

/* What is left until the nearest limit that was not acted on yet, or until a
 * kill that had no effect is to be repeated. */
uint64_t wsig_section_left(const struct wsig_budget *budget, uint64_t used_ns) {
  uint64_t limit = budget->hard_done ? WASMSIG_NO_LIMIT : budget->hard_ns;
  if (budget->kill_begun && !budget->kill_due) limit = budget->kill_again_ns;
  if (!budget->soft_done && budget->soft_ns > used_ns &&
      budget->soft_ns < limit)
    limit = budget->soft_ns;
  if (limit == WASMSIG_NO_LIMIT) return WSIG_NEVER;
  return limit > used_ns ? limit - used_ns : 0;
}

/* `may_kill`: a kill that is async-signal-safe may be called now. */
static bool act(struct wsig_budget *budget, uint64_t used_ns, bool may_kill) {
  bool acted = false;
  if (!budget->soft_done && used_ns >= budget->soft_ns) {
    wsig_section_signal(budget);
    acted = true;
  }
  bool first = !budget->hard_done && used_ns >= budget->hard_ns;
  bool again = budget->kill_begun && used_ns >= budget->kill_again_ns;
  if (first) wsig_section_reach_hard_limit(budget);
  if (first || again) budget->kill_due = true;
  if (budget->kill_due && budget->kill_is_signal_safe && may_kill) {
    wsig_section_begin_kill(budget, used_ns);
    budget->kill(budget->context);
  }
  return acted || first || again;
}

struct wsig_look wsig_section_look(struct wsig_thread *thread,
                                   uint64_t cpu_ns) {
  struct wsig_look look = {.left_ns = WSIG_NEVER};
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer) {
    uint64_t used = wsig_section_used(b, cpu_ns);
    if (act(b, used, !thread->undoing)) look.acted = true;
    look.kill_due |= b->kill_due;
    uint64_t left = wsig_section_left(b, used);
    if (left < look.left_ns) look.left_ns = left;
  }
  return look;
}

/* ---------------------------------------------------------------- its timer */

void wsig_thread_arm(struct wsig_thread *thread, uint64_t at_ns) {
  thread->timer_at = at_ns;
  if (!wsig_clock->timer_set(&thread->timer, at_ns)) {
    thread->timer_at = WSIG_NEVER;
    thread->deaf = true;
  }
}

struct wsig_progress wsig_section_progress(struct wsig_thread *thread,
                                           uint64_t now_ns, uint64_t cpu_ns) {
  struct wsig_progress progress = {now_ns - thread->seen_ns,
                                   cpu_ns - thread->seen_cpu_ns};
  if (progress.used_ns > 0) thread->ran_ns = now_ns;
  thread->seen_ns = now_ns;
  thread->seen_cpu_ns = cpu_ns;
  return progress;
}

/* So little is left that a timer would come later than a few readings. */
#define SHORT_NS UINT64_C(3000)
#define MOST_READINGS 16

/* A look for one who would rather not be early by a hair. */
static bool look_closely(struct wsig_thread *thread, struct wsig_look *look,
                         uint64_t *cpu_ns) {
  for (int reading = 0; reading < MOST_READINGS; reading++) {
    if (!wsig_clock->cpu_ns(thread->clock, cpu_ns)) return false;
    struct wsig_look now = wsig_section_look(thread, *cpu_ns);
    look->left_ns = now.left_ns;
    look->kill_due |= now.kill_due;
    if (thread != wsig_here || look->left_ns > SHORT_NS) break;
  }
  return true;
}

/* In the thread itself: whether it went to sleep, and did little else, since
 * the last look. That it used little is not enough: a busy machine keeps a
 * thread from running, too. */
static bool went_to_sleep(struct wsig_thread *thread, uint64_t now_ns,
                          uint64_t cpu_ns) {
  struct wsig_progress last = wsig_section_progress(thread, now_ns, cpu_ns);
  if (thread != wsig_here || !wsig_clock->switches) return false;
  uint64_t before = thread->switches;
  thread->switches = wsig_clock->switches();
  return before != WSIG_UNKNOWN && thread->switches != before &&
         last.used_ns < last.passed_ns / 2;
}

/* A section that sleeps is left to the watchdog: each signal would interrupt
 * what it sleeps in, and be charged to it. The thread runs now, in its handler;
 * whether it goes on with its sleep only another thread can see. So the
 * watchdog is woken: it looks at once, then at least as often as the limit may
 * be reached (watchdog.c, pause_of), and sets the timer again when the thread
 * runs. If the watchdog itself is kept from running, or has hundreds of
 * sleepers to look at, the timer on the thread's CPU clock comes first: within
 * a tick of the system's clock after the limit. */
static void look_and_arm(struct wsig_thread *thread, uint32_t why) {
  struct wsig_look look = {.left_ns = WSIG_NEVER};
  uint64_t cpu_ns;
  if (why & WSIG_FIRED) {
    thread->timer_at = WSIG_NEVER;
    thread->deaf = thread->blocks = false;
  }
  if (!thread->innermost || !look_closely(thread, &look, &cpu_ns)) return;
  uint64_t now = wsig_clock->monotonic_ns();
  thread->asleep = went_to_sleep(thread, now, cpu_ns);
  if (look.left_ns != WSIG_NEVER && !thread->asleep &&
      wsig_thread_is_timed(thread))
    wsig_thread_arm(thread, now + look.left_ns);
  if (thread->asleep && look.left_ns != WSIG_NEVER && wsig_clock->timer_set_cpu)
    wsig_clock->timer_set_cpu(&thread->timer, cpu_ns + look.left_ns);
  if (look.kill_due || thread->asleep) wsig_watchdog_want(thread);
}

/* --------------------------------------------------------------- the kills */

struct wsig_thread *wsig_wanted;
uint32_t wsig_watchdog_word;

void wsig_watchdog_wake(void) {
  /* Release: who sees the word changed sees what was changed before. */
  wsig_add_release(&wsig_watchdog_word, 1);
  wsig_os_wake(&wsig_watchdog_word);
}

void wsig_watchdog_want(struct wsig_thread *thread) {
  /* Acquire: the watchdog has taken it off the list before it said so. */
  if (wsig_exchange_acquire(&thread->wanted, 1) == 0) {
    struct wsig_thread *next = wsig_load_relaxed(&wsig_wanted);
    do {
      thread->next_wanted = next;
      wsig_test_point(WSIG_POINT_QUEUE_LINK);
      /* Release: who takes the list sees what is on it. */
    } while (!wsig_cas_release(&wsig_wanted, &next, thread));
  }
  wsig_watchdog_wake();
}
