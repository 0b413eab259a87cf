/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Watchdog: the one thread of the process that checks other threads' sections
 * and calls the hosts' kills (watchdog_check.c).
 *
 * CPU time cannot run faster than the wall clock: a section with 20 ms left
 * cannot reach its limit within 20 ms. So the watchdog sleeps for the least
 * that any section has left, reads the CPU clocks again, and acts or sleeps
 * again. It exists as long as there are threads that have entered a section.
 * The time of a thread's next check is in its `watch_at`; a heap orders the
 * threads by it (watch_heap.c). Where a timer fires, the watchdog checks
 * WSIG_BACKSTOP_NS after it, in case the timer's signal is not delivered.
 *
 * Why no section is missed: a check takes the thread out of the heap (watch_at
 * becomes WSIG_NEVER), then takes the thread's lock. A thread puts its section
 * on its list under that lock, and loads watch_at afterwards. If the check had
 * the lock first, the thread loads WSIG_NEVER, or the time that the finished
 * check has stored. It compares, and requests an earlier check if needed. If
 * the thread had the lock first, the check finds the section. A time stays for
 * a while after its section has ended: in steady state, enter and leave do not
 * wake the watchdog.
 */
#include "budgets/watchdog.h"

#include "budgets/kill_queue.h"
#include "budgets/thread_check.h"
#include "budgets/thread_list.h"
#include "budgets/watch_heap.h"
#include "budgets/watchdog_check.h"
#include "signals/registry.h"

#include <limits.h>

int wsig_watchdog_priority, wsig_watchdog_granted;
uint32_t wsig_watchdog_is_missing;

/* All under wsig_threads_lock. */
static bool started;            /* the thread exists */
static uint64_t sleeping_until; /* 0: it is awake */

/* Releases wsig_threads_lock meanwhile. */
static void sleep_until(uint32_t wakes, uint64_t until_ns) {
  sleeping_until = until_ns;
  pthread_mutex_unlock(&wsig_threads_lock);
  wsig_os_wait(&wsig_watchdog_wakes, wakes, until_ns);
  pthread_mutex_lock(&wsig_threads_lock);
  sleeping_until = 0;
  wsig_add_relaxed(&wsig_statistics.wakes, 1);
}

static void wait_a_little(void) {
  pthread_mutex_unlock(&wsig_threads_lock);
  wsig_os_pause(UINT_MAX);
  pthread_mutex_lock(&wsig_threads_lock);
}

/* Requests the priority from the system, if it has changed. */
static void take_priority(int granted) {
  static int requested; /* under wsig_threads_lock */
  int priority = wsig_load_relaxed(&wsig_watchdog_priority);
  if (granted >= 0 && priority == requested) return;
  requested = priority;
  wsig_store_relaxed(&wsig_watchdog_granted,
                     wsig_os_schedule_watchdog(priority, granted > 0));
}

/* False: some kills still wait for a thread's lock. */
static bool take_turn(void) {
  bool done = wsig_watchdog_kill_queued();
  wsig_watchdog_check_due();
  return done;
}

static void *watch(void *unused) {
  (void)unused;
  wsig_os_become_watchdog();
  pthread_mutex_lock(&wsig_threads_lock);
  take_priority(-1);
  for (;;) {
    /* Acquire: before the queue, which is changed before the number. */
    uint32_t wakes = wsig_load_acquire(&wsig_watchdog_wakes);
    take_priority(wsig_load_relaxed(&wsig_watchdog_granted));
    if (!take_turn()) wait_a_little();
    if (!wsig_kill_queue_is_empty()) continue;
    if (!wsig_threads) break;
    sleep_until(wakes, wsig_watchdog_next_check());
  }
  started = false;
  pthread_mutex_unlock(&wsig_threads_lock);
  return NULL;
}

bool wsig_watchdog_start(void) {
  if (!started) started = wsig_clock->spawn(watch);
  return started;
}

/* How far ahead the check is, within what lingers. */
static uint64_t distance(uint64_t now_ns, uint64_t at_ns) {
  uint64_t ahead = at_ns > now_ns ? at_ns - now_ns : 0;
  if (ahead > WSIG_LINGER_NS) return WSIG_LINGER_NS;
  return ahead < WSIG_BACKSTOP_NS ? WSIG_BACKSTOP_NS : ahead;
}

int wsig_watchdog_check_by(struct wsig_thread *thread, uint64_t at_ns) {
  /* After the thread's section was put on its list; see the top. */
  if (wsig_load_relaxed(&thread->watch_at) <= at_ns) return WASMSIG_OK;
  int error = WASMSIG_OK;
  wsig_add_relaxed(&wsig_statistics.arms, 1);
  pthread_mutex_lock(&wsig_threads_lock);
  /* At once: other sections of this thread are not watched either. */
  if (wsig_load_relaxed(&wsig_watchdog_is_missing)) at_ns = 0;
  if (!wsig_watchdog_start()) {
    error = WASMSIG_ETHREAD;
  } else if (thread->watch_at > at_ns) {
    thread->needed_ns = wsig_clock->monotonic_ns();
    thread->distance_ns = distance(thread->needed_ns, at_ns);
    wsig_watch_heap_set(thread, at_ns);
    if (sleeping_until > at_ns) wsig_watchdog_wake();
  }
  if (!error) wsig_store_relaxed(&wsig_watchdog_is_missing, 0);
  pthread_mutex_unlock(&wsig_threads_lock);
  return error;
}

int wsig_watchdog_check_now(struct wsig_thread *thread) {
  if (!wsig_watchdog_start()) return WASMSIG_ETHREAD;
  wsig_watchdog_check(thread);
  if (sleeping_until > wsig_watchdog_next_check()) wsig_watchdog_wake();
  return WASMSIG_OK;
}

void wsig_watchdog_forget(struct wsig_thread *thread) {
  wsig_watch_heap_remove(thread);
  wsig_watchdog_drop_sleeper(thread);
  wsig_kill_queue_remove(thread);
  if (!wsig_threads) wsig_watchdog_wake(); /* it may end */
}

void wsig_watchdog_after_fork(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) {
    wsig_store_relaxed(&t->watch_at, WSIG_NEVER);
    t->queued = 0;
  }
  wsig_watch_heap_empty();
  wsig_kill_queue_empty();
  wsig_watchdog_drop_all_sleepers();
  sleeping_until = 0;
  started = false;
  wsig_watchdog_is_missing = wsig_here && wsig_here->innermost;
}

/* -------------------------------------------------------------- for tests */

uint64_t wsig_watchdog_check_all(void) {
  pthread_mutex_lock(&wsig_threads_lock);
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    wsig_watchdog_check(t);
  wsig_watchdog_kill_queued();
  uint64_t next = wsig_watchdog_next_check();
  pthread_mutex_unlock(&wsig_threads_lock);
  return next == WSIG_NEVER ? next : next - wsig_clock->monotonic_ns();
}

uint64_t wsig_watchdog_turn(void) {
  pthread_mutex_lock(&wsig_threads_lock);
  take_turn();
  uint64_t next = wsig_watchdog_next_check();
  pthread_mutex_unlock(&wsig_threads_lock);
  return next;
}
