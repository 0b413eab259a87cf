/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Threads that have been in a section: how they come to be known, and what
 * becomes of their sections when they end, or when the process forks.
 *
 * Lock order: wsig_threads_lock, then a thread's.
 */
#include "budgets/budget.h"

#include <stdlib.h>

struct wsig_thread *wsig_threads;
size_t wsig_threads_count;
pthread_mutex_t wsig_threads_lock = PTHREAD_MUTEX_INITIALIZER;

_Thread_local struct wsig_thread *wsig_here WSIG_FOR_HANDLERS;

/* Its record is being made, or it has none any more: a handler that comes in
 * between must not begin to make one. */
static _Thread_local uint32_t without_record WSIG_FOR_HANDLERS;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor runs as a thread ends */
static bool key_made;

void wsig_thread_lock(struct wsig_thread *thread) {
  for (unsigned turn = 0; !wsig_thread_try_lock(thread); turn++)
    wsig_os_pause(turn);
}

void wsig_threads_lock_each(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    wsig_thread_lock(t);
}

void wsig_threads_unlock_each(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    wsig_thread_unlock(t);
}

/* ---------------------------------------------------------- they come, go */

/* Under wsig_threads_lock. */
static void unlist(struct wsig_thread *thread) {
  if (thread->previous)
    thread->previous->next = thread->next;
  else
    wsig_threads = thread->next;
  if (thread->next) thread->next->previous = thread->previous;
  wsig_threads_count--;
}

/* Nobody knows it any more. */
static void make_unknown(struct wsig_thread *thread) {
  pthread_mutex_lock(&wsig_threads_lock);
  wsig_firing_end(thread);
  unlist(thread);
  wsig_watchdog_forget(thread);
  pthread_mutex_unlock(&wsig_threads_lock);
}

static void free_thread(struct wsig_thread *thread) {
  if (thread->entered != thread->usually_entered)
    wsig_os_pages_free(thread->entered,
                       thread->room * sizeof thread->entered[0]);
  free(thread);
}

/* The thread ends. Destructors of others may still enter sections, so its
 * record stays for one round of them. From the line on that takes `wsig_here`
 * back, a signal of its timer that still comes finds nothing to look at, and
 * whoever enters is refused: it may be a handler that has interrupted what
 * follows, in the middle of the allocator. */
#define FAREWELLS 2

static void forget_thread(void *argument) {
  struct wsig_thread *thread = argument;
  wsig_store_relaxed(&thread->inside, 1);
  wsig_budget_abandon(thread, true);
  if (++thread->farewells < FAREWELLS &&
      pthread_setspecific(key, thread) == 0) {
    wsig_thread_go_outside(thread);
    return;
  }
  wsig_store_relaxed(&without_record, 1);
  wsig_here = NULL;
  wsig_handler_fence();
  make_unknown(thread);
  free_thread(thread);
}

/* ------------------------------------------------------------------- fork */

static uint64_t cpu_ns_at_fork;
static uint32_t inside_at_fork;

/* Every lock is taken before, so that the child finds no look half done, and no
 * list of sections. Of a call about budgets that another thread was in
 * `touching` tells. A kill that is under way is not waited for: it may wait for
 * what this thread holds. */
static void before_fork(void) {
  uint32_t inside = wsig_here ? wsig_load_relaxed(&wsig_here->inside) : 0;
  if (wsig_here) wsig_store_relaxed(&wsig_here->inside, 1);
  pthread_mutex_lock(&wsig_threads_lock);
  inside_at_fork = inside;
  wsig_threads_lock_each();
  if (wsig_here && !wsig_clock->cpu_ns(wsig_here->clock, &cpu_ns_at_fork))
    cpu_ns_at_fork = 0;
}

static void leave_fork(void) {
  uint32_t inside = inside_at_fork; /* under the lock: forks may come at once */
  pthread_mutex_unlock(&wsig_threads_lock);
  if (wsig_here) wsig_store_relaxed(&wsig_here->inside, inside);
}

static void after_fork_in_parent(void) {
  wsig_threads_unlock_each();
  leave_fork();
}

/* Its sections run on with what they had used; the CPU clock begins at 0. No
 * timer is set: the child may be about to put all handlers back, and to exec.
 */
static void go_on_in_child(struct wsig_thread *thread) {
  thread->next = thread->previous = NULL;
  thread->tid = wsig_os_thread_id();
  thread->timer.made = false;
  thread->timer_at = WSIG_NEVER;
  wsig_store_relaxed(&thread->timer_due, 1);
  thread->killing = 0; /* whoever was in it is not here */
  thread->seen_cpu_ns = 0;
  thread->seen_ns = thread->ran_ns = wsig_clock->monotonic_ns();
  thread->switches = WSIG_UNKNOWN; /* they begin anew as well */
  thread->asleep = false;
  wsig_os_thread_clock(&thread->clock);
  wsig_meter_init(&thread->meter);
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer)
    b->start_ns -= cpu_ns_at_fork;
}

/* The child has one thread and no watchdog. The others have ended in their
 * sections, as far as it can tell. */
static void after_fork_in_child(void) {
  struct wsig_thread *next, *listed = wsig_threads;
  wsig_watchdog_begin_anew();
  wsig_meter_begin_anew();
  wsig_threads = wsig_here;
  wsig_threads_count = wsig_here ? 1 : 0;
  for (struct wsig_thread *t = listed; t; t = next) {
    next = t->next;
    if (t == wsig_here) continue;
    wsig_budget_abandon(t, false);
    free(t); /* its pages may have been changed just then: they stay */
  }
  if (wsig_here) {
    go_on_in_child(wsig_here);
    wsig_watchdog_admit();
    wsig_thread_unlock(wsig_here);
  }
  leave_fork();
}

static void set_up(void) {
  wsig_os_prepare_clocks();
  wsig_os_stay_loaded();
  key_made = pthread_key_create(&key, forget_thread) == 0;
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ------------------------------------------------------------ the first time
 */

/* Under wsig_threads_lock. */
static bool list(struct wsig_thread *thread) {
  wsig_threads_count++;
  if (!wsig_watchdog_admit()) {
    wsig_threads_count--;
    return false;
  }
  thread->next = wsig_threads;
  if (wsig_threads) wsig_threads->previous = thread;
  wsig_threads = thread;
  wsig_firing_begin(thread);
  /* Here, and not when it is first needed: that may be in a handler. Without
   * it, limits cannot be entered. */
  wsig_watchdog_start();
  return true;
}

static bool make_known(struct wsig_thread *thread) {
  pthread_mutex_lock(&wsig_threads_lock);
  bool listed = list(thread);
  pthread_mutex_unlock(&wsig_threads_lock);
  if (!listed) return false;
  if (pthread_setspecific(key, thread) == 0) return true;
  make_unknown(thread);
  return false;
}

static struct wsig_thread *new_thread(int *error) {
  pthread_once(&once, set_up);
  struct wsig_thread *thread = key_made ? calloc(1, sizeof *thread) : NULL;
  *error = WASMSIG_ENOMEM;
  if (!thread) return NULL;
  thread->tid = wsig_os_thread_id();
  thread->entered = thread->usually_entered;
  thread->room = WSIG_USUAL_LEVELS;
  thread->timer_at = thread->watch_at = WSIG_NEVER;
  wsig_meter_init(&thread->meter);
  bool timed = wsig_os_thread_clock(&thread->clock);
  if (!timed) *error = WASMSIG_ECLOCK;
  if (timed && make_known(thread)) {
    *error = WASMSIG_OK;
    return thread;
  }
  free(thread);
  return NULL;
}

struct wsig_thread *wsig_thread_self(int *error) {
  if (wsig_here) return wsig_here;
  *error = WASMSIG_EHANDLER;
  if (wsig_load_relaxed(&without_record)) return NULL;
  wsig_store_relaxed(&without_record, 1);
  wsig_handler_fence();
  wsig_here = new_thread(error);
  wsig_handler_fence();
  wsig_store_relaxed(&without_record, 0);
  return wsig_here;
}
