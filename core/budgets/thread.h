/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The record of a thread that has entered a section. It exists from the
 * thread's first enter until the thread ends (thread_life.c).
 */
#ifndef WSIG_THREAD_H
#define WSIG_THREAD_H

#include "atomics.h"
#include "budgets/budget.h"
#include "budgets/cpu_clock.h"
#include "os/os.h"

/* How many levels a record has room for by itself. */
#define WSIG_INLINE_LEVELS 16u

/* A time that never comes: no running section has a limit ahead. */
#define WSIG_NEVER UINT64_MAX

/* A number of sleeps that was not read. */
#define WSIG_SLEEPS_UNKNOWN UINT64_MAX

/* Values of `killing`. */
#define WSIG_NO_KILL 0u
#define WSIG_KILL_RUNS 1u       /* the watchdog is in a kill */
#define WSIG_KILL_IS_AWAITED 2u /* and the thread waits for its end */

struct wsig_thread {
  /* Both atomic; see thread_lock.c. */
  uint32_t lock;      /* 1: a thread or a handler uses the sections */
  uint32_t check_due; /* WSIG_CHECK_… bits: the holder of the lock must check
                         the sections after it has released the lock */

  /* Atomic, changed from WSIG_NO_KILL under the lock only. */
  uint32_t killing;

  /* Under the lock. */
  bool undoing; /* the thread is in an undo: no kill begins meanwhile */
  struct wsig_budget *innermost; /* running sections, from here outwards */
  struct wsig_timer timer;
  uint64_t timer_at;  /* when its signal is sent, or WSIG_NEVER */
  bool timer_blocked; /* the timer's signal does not reach the thread */
  bool signal_masked; /* the thread blocked that signal at mask_read_ns */
  uint64_t mask_read_ns;
  bool asleep; /* it went to sleep: its timer is not set until it runs again */
  uint64_t seen_cpu_ns, seen_ns; /* its clocks at the last check */
  uint64_t sleeps; /* how often it had gone to sleep by the last check, or
                      WSIG_SLEEPS_UNKNOWN */
  bool is_sleeper; /* the watchdog counts it as one */
  uint64_t ran_ns; /* the last time at which it was seen to have run */

  /* The thread's own. */
  uint32_t in_call;   /* it is in a call about budgets; its handlers read it */
  uint32_t timer_due; /* in the child of a fork: the thread receives a timer
                         at its next enter; atomic */
  struct wsig_budget *entering; /* the budget of that call, which the thread may
                                   be about to hold or just have left; atomic */
  int destructor_rounds;        /* of its destructors, as it ends */
  clockid_t clock_id;           /* of its CPU time */
  pid_t tid;
  struct wsig_cpu_clock cpu_clock;
  struct wsig_budget **entered; /* the budgets of all enters, in order */
  size_t level, room;           /* how many there are; how many fit */
  struct wsig_budget *inline_entered[WSIG_INLINE_LEVELS];
  struct wsig_suspension *moving; /* being filled or emptied; under the lock */

  /* The watchdog's, under wsig_threads_lock. */
  uint64_t watch_at; /* when the watchdog checks it; its thread reads it; atomic
                      */
  uint64_t needed_ns, distance_ns; /* when a check was last needed, and how far
                                      ahead it was then */
  size_t heap_place;               /* in the heap of threads */

  /* The kill queue's; see kill_queue.c. */
  uint32_t queued; /* it is in the queue; atomic */
  struct wsig_thread *next_queued;

  /* The list of threads', under wsig_threads_lock. */
  struct wsig_thread *next, *previous;
};

/* Handlers read it. glibc allocates the thread-local data of a library that was
 * loaded later with malloc at its first use, unless the data has a fixed place
 * from the start. musl loads no library that asks for such a place, and
 * allocates all such data before a thread can use it. */
#if defined(__GLIBC__)
#define WSIG_FOR_HANDLERS __attribute__((tls_model("initial-exec")))
#else
#define WSIG_FOR_HANDLERS
#endif

/* The calling thread's record; NULL before its first section. */
extern _Thread_local struct wsig_thread *wsig_here WSIG_FOR_HANDLERS;

/* Begins and ends a call about budgets, in the thread itself. False: the caller
 * is a handler that has interrupted such a call, and must not begin another. */
static inline bool wsig_thread_begin_call(struct wsig_thread *thread) {
  if (wsig_load_relaxed(&thread->in_call)) return false;
  wsig_store_relaxed(&thread->in_call, 1);
  wsig_handler_fence();
  return true;
}
static inline void wsig_thread_end_call(struct wsig_thread *thread) {
  wsig_handler_fence();
  wsig_store_relaxed(&thread->in_call, 0);
}

#endif
