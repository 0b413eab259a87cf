/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The watchdog's checks and kills.
 *
 * How often it checks a section that does not run and has little CPU time left:
 * what the section uses between its wake-up and the next check is what it gains
 * by a sleep. So the pauses are a small share of the time for which it has not
 * run. After SLEEP_NS all such checks together take a hundredth of a processor
 * at most, as long as each thread is checked within LONGEST_PAUSE_NS.
 *
 * Kills are called under no lock, but with `killing` set: a leave that finds it
 * waits, and so does the thread's end. It is set under the thread's lock and
 * only for a section that is in the list. It is reset under wsig_threads_lock,
 * so the record exists until then.
 */
#include "budgets/watchdog_check.h"

#include "budgets/kill_queue.h"
#include "budgets/limits.h"
#include "budgets/thread_check.h"
#include "budgets/thread_list.h"
#include "budgets/thread_lock.h"
#include "budgets/timer_arm.h"
#include "budgets/watch_heap.h"
#include "test_points.h"

#define NS_PER_MS UINT64_C(1000000)

#define LEAST_PAUSE_NS UINT64_C(20000)
#define ASLEEP_SHARE 64 /* of a sleeper's time, as a divisor */
/* Of the time of a thread that may only have lost its processor, a divisor. */
#define IDLE_SHARE 16
/* A thread that has not run for so long sleeps. */
#define SLEEP_NS (10 * NS_PER_MS)
#define SLEEPERS_SHARE 256
#define MOST_PAUSE_NS (4 * NS_PER_MS)
/* A hundred times what a check takes. */
#define CHECK_COST_NS UINT64_C(400000)
#define LONGEST_PAUSE_NS (400 * NS_PER_MS)

/* With a timer that is known to work, the watchdog may check later. */
#define LONGER_BACKSTOP_NS (50 * NS_PER_MS)
/* Checks that may be late are done together. */
#define TOGETHER_NS (10 * NS_PER_MS)

/* A thread counts as awake again if it has used this share of a processor, as a
 * divisor; and, if it was found asleep, more time than an interruption takes.
 */
#define LEAST_SHARE 64
#define LEAST_USE_NS UINT64_C(100000)

/* Both under wsig_threads_lock. */
static size_t sleepers; /* threads that sleep in a section */
static bool try_again;  /* a thread's lock was taken: its kills still wait */

static void count_sleeper(struct wsig_thread *thread, bool sleeps) {
  if (sleeps && !thread->is_sleeper) sleepers++;
  if (!sleeps && thread->is_sleeper) sleepers--;
  thread->is_sleeper = sleeps;
}

void wsig_watchdog_drop_sleeper(struct wsig_thread *thread) {
  count_sleeper(thread, false);
}

void wsig_watchdog_drop_all_sleepers(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    t->is_sleeper = false;
  sleepers = 0;
}

/* ----------------------------------------------------------------- checks */

/* The timer is set again only for a thread that is awake: the signal would
 * interrupt a sleeper. */
static bool is_awake(const struct wsig_thread *thread,
                     struct wsig_progress last) {
  if (thread->asleep && last.used_ns < LEAST_USE_NS) return false;
  return last.used_ns >= last.passed_ns / LEAST_SHARE;
}

static uint64_t pause_of(const struct wsig_thread *thread, uint64_t idle_ns) {
  uint64_t pause = idle_ns / (thread->asleep ? ASLEEP_SHARE : IDLE_SHARE);
  uint64_t least = LEAST_PAUSE_NS + sleepers * LEAST_PAUSE_NS;
  if (idle_ns > SLEEP_NS) {
    pause = idle_ns / SLEEPERS_SHARE;
    if (pause > MOST_PAUSE_NS) pause = MOST_PAUSE_NS;
    least = sleepers * CHECK_COST_NS;
  }
  if (pause < least) pause = least;
  return pause < LONGEST_PAUSE_NS ? pause : LONGEST_PAUSE_NS;
}

static uint64_t together_after(uint64_t now_ns, uint64_t pause_ns) {
  return pause_ns + TOGETHER_NS - (now_ns + pause_ns) % TOGETHER_NS;
}

/* In how many ns to check again. The thread cannot reach its limit in less than
 * `left_ns`. */
static uint64_t next_after(uint64_t now_ns, uint64_t left_ns,
                           uint64_t pause_ns) {
  if (pause_ns > TOGETHER_NS) pause_ns = together_after(now_ns, pause_ns);
  return left_ns > pause_ns ? left_ns : pause_ns;
}

/* Under the thread's lock, after the check of its limits: in how many ns to
 * check again, as far as its CPU time is concerned. */
static uint64_t next_by_cpu(struct wsig_thread *thread, uint64_t cpu_ns,
                            struct wsig_check check) {
  uint64_t now = wsig_clock->monotonic_ns();
  struct wsig_progress last = wsig_thread_progress(thread, now, cpu_ns);
  if (is_awake(thread, last)) thread->asleep = false;
  uint64_t idle = now - thread->ran_ns;
  count_sleeper(thread, thread->asleep || idle > SLEEP_NS);
  /* The timer's time is long over, and the thread has used its CPU time, but
   * the timer's signal was not handled. */
  if (check.acted && thread->timer_at <= now - WSIG_BACKSTOP_NS / 2)
    thread->timer_blocked = true;
  if (check.left_ns == WSIG_NEVER) return WSIG_NEVER;
  if (wsig_timer_is_usable(thread) && !thread->asleep) {
    if (thread->timer_at > now + check.left_ns)
      wsig_timer_arm(thread, now + check.left_ns);
    /* The timer works: it has been set again. */
    uint64_t backstop = check.left_ns + WSIG_BACKSTOP_NS;
    return together_after(
        now, backstop > LONGER_BACKSTOP_NS ? backstop : LONGER_BACKSTOP_NS);
  }
  return next_after(now, check.left_ns, pause_of(thread, idle));
}

/* Where no section runs: in how many ns to check again. */
static uint64_t linger(const struct wsig_thread *thread) {
  uint64_t now = wsig_clock->monotonic_ns();
  return now - thread->needed_ns < WSIG_LINGER_NS ? thread->distance_ns
                                                  : WSIG_NEVER;
}

/* Plans the next check: in `again_ns`, but no later than the wall limit. */
static void plan(struct wsig_thread *thread, uint64_t again_ns,
                 uint64_t wall_at_ns) {
  uint64_t now = wsig_clock->monotonic_ns();
  if (again_ns != WSIG_NEVER || wall_at_ns != WSIG_NEVER)
    thread->needed_ns = now;
  else
    again_ns = linger(thread);
  uint64_t at_ns = again_ns == WSIG_NEVER ? WSIG_NEVER : now + again_ns;
  if (wall_at_ns < at_ns) at_ns = wall_at_ns;
  if (at_ns != WSIG_NEVER) wsig_watch_heap_set(thread, at_ns);
}

void wsig_watchdog_check(struct wsig_thread *thread) {
  struct wsig_check check = {.wall_at_ns = WSIG_NEVER};
  uint64_t cpu_ns, again = WSIG_NEVER;
  wsig_watch_heap_remove(thread);
  if (!wsig_thread_try_lock(thread)) {
    /* The holder of the lock checks; it may have lost its processor. The thread
     * itself may overlook the request, as its unlock has no fence. */
    wsig_thread_request_check(thread);
    wsig_watch_heap_set(thread, wsig_clock->monotonic_ns() + WSIG_BACKSTOP_NS);
    return;
  }
  if (thread->innermost && wsig_clock->cpu_ns(thread->clock_id, &cpu_ns)) {
    check = wsig_limits_check(thread, cpu_ns);
    again = next_by_cpu(thread, cpu_ns, check);
  } else {
    count_sleeper(thread, false);
  }
  wsig_thread_unlock(thread);
  plan(thread, again, check.wall_at_ns);
  if (check.kill_due) wsig_kill_queue_add(thread);
}

/* A signal has interrupted the thread's sleep: it may have woken, or it may
 * continue to sleep. */
static void check_soon(struct wsig_thread *thread) {
  uint64_t soon = wsig_clock->monotonic_ns() + LEAST_PAUSE_NS;
  if (wsig_load_relaxed(&thread->watch_at) > soon)
    wsig_watch_heap_set(thread, soon);
}

void wsig_watchdog_check_due(void) {
  while (wsig_watchdog_next_check() <= wsig_clock->monotonic_ns())
    wsig_watchdog_check(wsig_watch_heap_first());
}

uint64_t wsig_watchdog_next_check(void) {
  const struct wsig_thread *first = wsig_watch_heap_first();
  return first ? first->watch_at : WSIG_NEVER;
}

/* ------------------------------------------------------------------ kills */

static struct wsig_budget *due_in(const struct wsig_thread *thread) {
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer)
    if (b->kill_due) return b;
  return NULL;
}

/* Begins the next kill that is due; answers its budget, or NULL. */
static struct wsig_budget *begin_kill(struct wsig_thread *thread) {
  uint64_t cpu_ns;
  if (!wsig_thread_try_lock(thread)) {
    try_again = true;
    wsig_kill_queue_add(thread);
    return NULL;
  }
  struct wsig_budget *b = thread->undoing ? NULL : due_in(thread);
  if (b) {
    bool known = wsig_clock->cpu_ns(thread->clock_id, &cpu_ns);
    wsig_limits_begin_kill(b, known ? wsig_limits_used(b, cpu_ns) : 0);
    wsig_store_relaxed(&thread->killing, WSIG_KILL_RUNS);
  }
  wsig_thread_unlock(thread);
  return b;
}

/* Releases wsig_threads_lock meanwhile. */
static void kill_due(struct wsig_thread *thread) {
  struct wsig_budget *b;
  bool killed = false;
  for (; (b = begin_kill(thread)); killed = true) {
    pthread_mutex_unlock(&wsig_threads_lock);
    wsig_test_point(WSIG_POINT_KILL_BEFORE);
    b->kill(b->context); /* the budget stays: its leave waits for the kill */
    wsig_test_point(WSIG_POINT_KILL_AFTER);
    pthread_mutex_lock(&wsig_threads_lock);
    /* Release: a thread that reads the kill's end reads what the kill did. */
    if (wsig_exchange_release(&thread->killing, WSIG_NO_KILL) ==
        WSIG_KILL_IS_AWAITED)
      wsig_os_wake(&thread->killing);
  }
  /* A kill that has no effect is repeated. Without a kill, the thread is a
   * sleeper. */
  if (killed)
    wsig_watchdog_check(thread);
  else
    check_soon(thread);
}

bool wsig_watchdog_kill_queued(void) {
  struct wsig_thread *thread;
  try_again = false;
  while (!try_again && (thread = wsig_kill_queue_take())) kill_due(thread);
  return !try_again;
}
