/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Threads that have entered a section: how their records begin, and what
 * happens to their sections when they end, or when the process forks.
 */
#include "budgets/thread_life.h"

#include "budgets/enter_leave.h"
#include "budgets/thread_list.h"
#include "budgets/thread_lock.h"
#include "budgets/timers.h"
#include "budgets/watch_heap.h"
#include "budgets/watchdog.h"

#include <stdlib.h>

/* 1: the thread's record is being created, or it has ended. A handler that
 * interrupts this must not begin to create one. */
static _Thread_local uint32_t without_record WSIG_FOR_HANDLERS;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor runs as a thread ends */
static bool key_made;

/* ---------------------------------------------------------------- the end */

/* After this, no other thread reads the record. */
static void unlist(struct wsig_thread *thread) {
  pthread_mutex_lock(&wsig_threads_lock);
  wsig_timers_end(thread);
  wsig_threads_remove(thread);
  wsig_watchdog_forget(thread);
  pthread_mutex_unlock(&wsig_threads_lock);
}

static void free_thread(struct wsig_thread *thread) {
  if (thread->entered != thread->inline_entered)
    wsig_os_pages_free(thread->entered,
                       thread->room * sizeof thread->entered[0]);
  free(thread);
}

/* The thread ends. Destructors of other libraries may still enter sections, so
 * the record stays for one round of destructors. `wsig_here` becomes NULL
 * before the record is freed: a signal of the timer that comes later finds
 * nothing to check, and every enter is refused. It may be an enter of a handler
 * that has interrupted the lines after it, in the middle of the allocator. */
#define DESTRUCTOR_ROUNDS 2

static void end_thread(void *argument) {
  struct wsig_thread *thread = argument;
  wsig_store_relaxed(&thread->in_call, 1);
  wsig_sections_leave_all(thread);
  if (++thread->destructor_rounds < DESTRUCTOR_ROUNDS &&
      pthread_setspecific(key, thread) == 0) {
    wsig_thread_end_call(thread);
    return;
  }
  wsig_store_relaxed(&without_record, 1);
  wsig_here = NULL;
  wsig_handler_fence();
  unlist(thread);
  free_thread(thread);
}

/* ------------------------------------------------------------------- fork */

static uint64_t cpu_ns_at_fork;
static uint32_t in_call_at_fork;

/* Every lock is taken before, so the child finds no unfinished check and no
 * unfinished list of sections. If another thread was in a call about budgets,
 * its `entering` names the budget. A kill that runs is not awaited: it may wait
 * for a lock that this thread holds. */
static void before_fork(void) {
  uint32_t in_call = wsig_here ? wsig_load_relaxed(&wsig_here->in_call) : 0;
  if (wsig_here) wsig_store_relaxed(&wsig_here->in_call, 1);
  pthread_mutex_lock(&wsig_threads_lock);
  in_call_at_fork = in_call;
  wsig_threads_lock_each();
  if (wsig_here && !wsig_clock->cpu_ns(wsig_here->clock_id, &cpu_ns_at_fork))
    cpu_ns_at_fork = 0;
}

static void after_fork(void) {
  /* Read under the lock: another fork may begin at once. */
  uint32_t in_call = in_call_at_fork;
  pthread_mutex_unlock(&wsig_threads_lock);
  if (wsig_here) wsig_store_relaxed(&wsig_here->in_call, in_call);
}

static void after_fork_in_parent(void) {
  wsig_threads_unlock_each();
  after_fork();
}

/* Its sections continue with the time that they had used; the CPU clock begins
 * at 0. No timer is set: the child may be about to reset all handlers, and to
 * exec. */
static void continue_in_child(struct wsig_thread *thread) {
  thread->next = thread->previous = NULL;
  thread->tid = wsig_os_thread_id();
  thread->timer.made = false;
  thread->timer_at = WSIG_NEVER;
  wsig_store_relaxed(&thread->timer_due, 1);
  thread->killing = WSIG_NO_KILL; /* the watchdog does not exist here */
  thread->seen_cpu_ns = 0;
  thread->seen_ns = thread->ran_ns = wsig_clock->monotonic_ns();
  thread->sleeps = WSIG_SLEEPS_UNKNOWN; /* the kernel counts from 0 again */
  thread->asleep = false;
  wsig_os_thread_clock(&thread->clock_id);
  wsig_cpu_clock_init(&thread->cpu_clock);
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer)
    b->start_ns -= cpu_ns_at_fork;
}

/* The child has one thread and no watchdog. For it, the other threads have
 * ended in their sections. */
static void after_fork_in_child(void) {
  struct wsig_thread *next, *listed = wsig_threads;
  wsig_watchdog_after_fork();
  wsig_cpu_clock_after_fork();
  wsig_threads = wsig_here;
  wsig_threads_count = wsig_here ? 1 : 0;
  for (struct wsig_thread *t = listed; t; t = next) {
    next = t->next;
    if (t == wsig_here) continue;
    wsig_sections_abandon(t);
    free(t); /* its pages stay: they may have been changed during the fork */
  }
  if (wsig_here) {
    continue_in_child(wsig_here);
    wsig_watch_heap_reserve(wsig_threads_count);
    wsig_thread_unlock(wsig_here);
  }
  after_fork();
}

static void set_up(void) {
  wsig_os_prepare_clocks();
  wsig_os_stay_loaded();
  key_made = pthread_key_create(&key, end_thread) == 0;
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---------------------------------------------------------- the beginning */

static bool list(struct wsig_thread *thread) {
  pthread_mutex_lock(&wsig_threads_lock);
  bool fits = wsig_watch_heap_reserve(wsig_threads_count + 1);
  if (fits) {
    wsig_threads_add(thread);
    wsig_timers_begin(thread);
    /* Here, not when it is first needed: that may be in a handler. Without the
     * watchdog, no budget with a limit can be entered. */
    wsig_watchdog_start();
  }
  pthread_mutex_unlock(&wsig_threads_lock);
  if (!fits) return false;
  if (pthread_setspecific(key, thread) == 0) return true;
  unlist(thread);
  return false;
}

static struct wsig_thread *new_thread(int *error) {
  pthread_once(&once, set_up);
  struct wsig_thread *thread = key_made ? calloc(1, sizeof *thread) : NULL;
  *error = WASMSIG_ENOMEM;
  if (!thread) return NULL;
  thread->tid = wsig_os_thread_id();
  thread->entered = thread->inline_entered;
  thread->room = WSIG_INLINE_LEVELS;
  thread->timer_at = thread->watch_at = WSIG_NEVER;
  wsig_cpu_clock_init(&thread->cpu_clock);
  bool has_clock = wsig_os_thread_clock(&thread->clock_id);
  if (!has_clock) *error = WASMSIG_ECLOCK;
  if (has_clock && list(thread)) {
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
