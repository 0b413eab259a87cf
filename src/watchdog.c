/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Watchdog: the one thread that looks at running sections when a limit may
 * have been reached.
 *
 * CPU time cannot run faster than the wall clock: a section with 20 ms left
 * cannot reach its limit within 20 ms. So the watchdog sleeps for the least
 * that any section has left, reads the CPU clocks again, and acts or sleeps
 * on. Its deadline stands in `look_at`; who enters a section that needs an
 * earlier one says so. A deadline lingers when its section has gone: in steady
 * state entering and leaving wake nobody.
 *
 * Why no section is missed: a look begins by setting look_at to "never"
 * (seq_cst) and then takes each thread's lock. A thread puts its section on
 * its list under that lock, and afterwards loads look_at (seq_cst). If the look
 * came to the thread first, it set look_at before, so the thread sees "never",
 * or what the finished look has put there, compares, and asks for an earlier
 * look (which waits for `lock`, that is, for the end of this one). If the
 * thread came first, the look finds its section.
 *
 * Lock order: `lock` before a thread's. The thread that enters or leaves takes
 * them one after the other, never both.
 */
#include "budget.h"

#include "atomics.h"
#include "registry.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define LINGER_NS (1000 * MS) /* without a section, until the thread ends */
#define LEAST_PAUSE_NS UINT64_C(20000)
#define MOST_PAUSE_NS UINT64_C(500000) /* where the watched thread sleeps */

const struct wsig_clock *wsig_clock = &wsig_os_clock;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool started;                  /* the thread is there; under lock */
static uint64_t look_at = WSIG_NEVER; /* monotonic ns; atomic */
static struct wsig_thread *threads;   /* under lock */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor runs as a thread ends */
static bool key_made;
static _Thread_local struct wsig_thread *self;

/* --------------------------------------------------------- the thread */

/* Reads one thread's clock and acts; answers when to look again. */
static uint64_t look_at_thread(struct wsig_thread *thread) {
  uint64_t cpu_ns, left = WSIG_NEVER;
  pthread_mutex_lock(&thread->lock);
  if (thread->innermost && wsig_clock->cpu_ns(thread->clock, &cpu_ns)) {
    left = wsig_budget_check(thread, cpu_ns);
    /* A thread that used no CPU since the last look sleeps or waits for a
     * processor: look less and less often, but often enough. */
    if (cpu_ns != thread->seen_cpu_ns)
      thread->pause_ns = LEAST_PAUSE_NS;
    else if (thread->pause_ns < MOST_PAUSE_NS)
      thread->pause_ns *= 2;
    thread->seen_cpu_ns = cpu_ns;
    if (left < thread->pause_ns) left = thread->pause_ns;
  }
  pthread_mutex_unlock(&thread->lock);
  return left;
}

static uint64_t look_locked(void) {
  uint64_t least = WSIG_NEVER;
  /* seq_cst: before the threads' locks; see the top. */
  wsig_store_seq_cst(&look_at, WSIG_NEVER);
  for (struct wsig_thread *t = threads; t; t = t->next) {
    uint64_t left = look_at_thread(t);
    if (left < least) least = left;
  }
  if (least != WSIG_NEVER)
    wsig_store_seq_cst(&look_at, wsig_clock->monotonic_ns() + least);
  return least;
}

uint64_t wsig_watchdog_look(void) {
  pthread_mutex_lock(&lock);
  uint64_t least = look_locked();
  pthread_mutex_unlock(&lock);
  return least;
}

/* Under lock. Sleeps until look_at, which may be set earlier meanwhile; false
 * if for LINGER_NS nobody has asked for a look. */
static bool sleep_until_look(void) {
  uint64_t idle_end = wsig_clock->monotonic_ns() + LINGER_NS;
  for (;;) {
    uint64_t until = wsig_load_relaxed(&look_at);
    uint64_t now = wsig_clock->monotonic_ns();
    if (until <= now) return true;
    if (until == WSIG_NEVER && idle_end <= now) return false;
    wsig_os_cond_wait(&changed, &lock, until == WSIG_NEVER ? idle_end : until);
  }
}

static void *watch(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  while (sleep_until_look()) {
    wsig_add_relaxed(&wsig_statistics.wakes, 1);
    look_locked();
  }
  started = false;
  pthread_mutex_unlock(&lock);
  return NULL;
}

int wsig_watchdog_within(uint64_t ns) {
  uint64_t now = wsig_clock->monotonic_ns();
  uint64_t when = ns < WSIG_NEVER - 1 - now ? now + ns : WSIG_NEVER - 1;
  /* seq_cst: after this thread's section was put on its list; see the top. */
  if (wsig_load_seq_cst(&look_at) <= when) return WASMSIG_OK;
  int error = WASMSIG_OK;
  pthread_mutex_lock(&lock);
  if (!started) started = wsig_clock->spawn(watch);
  if (!started) {
    error = WASMSIG_ETHREAD;
  } else if (wsig_load_relaxed(&look_at) > when) {
    wsig_store_seq_cst(&look_at, when);
    pthread_cond_signal(&changed);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

/* ------------------------------------------------- threads come and go */

static void forget_thread(void *argument) {
  struct wsig_thread *thread = argument;
  pthread_mutex_lock(&lock);
  if (thread->previous)
    thread->previous->next = thread->next;
  else
    threads = thread->next;
  if (thread->next) thread->next->previous = thread->previous;
  pthread_mutex_lock(&thread->lock);
  wsig_budget_abandon(thread);
  pthread_mutex_unlock(&thread->lock);
  pthread_mutex_unlock(&lock);
  pthread_mutex_destroy(&thread->lock);
  free(thread);
  self = NULL;
}

/* fork: every lock is taken before, so that the child finds no look, no enter
 * and no leave half done. */
static void before_fork(void) {
  pthread_mutex_lock(&lock);
  for (struct wsig_thread *t = threads; t; t = t->next)
    pthread_mutex_lock(&t->lock);
}

static void after_fork_in_parent(void) {
  for (struct wsig_thread *t = threads; t; t = t->next)
    pthread_mutex_unlock(&t->lock);
  pthread_mutex_unlock(&lock);
}

/* The child has one thread, whose CPU clock begins at 0, and no watchdog. The
 * others have ended in their sections, as far as the child can tell. */
static void after_fork_in_child(void) {
  for (struct wsig_thread *t = threads; t; t = t->next)
    if (t != self) wsig_budget_abandon(t);
  threads = self;
  if (self) {
    self->next = self->previous = NULL;
    wsig_os_thread_clock(&self->clock);
    for (struct wsig_budget *b = self->innermost; b; b = b->outer)
      b->start_ns = 0;
    pthread_mutex_unlock(&self->lock);
  }
  wsig_os_cond_init(&changed);
  started = false;
  wsig_store_relaxed(&look_at, WSIG_NEVER);
  pthread_mutex_unlock(&lock);
}

static void set_up(void) {
  wsig_os_cond_init(&changed);
  key_made = pthread_key_create(&key, forget_thread) == 0;
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static struct wsig_thread *new_thread(int *error) {
  *error = WASMSIG_ENOMEM;
  pthread_once(&once, set_up);
  if (!key_made) return NULL;
  struct wsig_thread *thread = calloc(1, sizeof *thread);
  if (!thread) return NULL;
  if (!wsig_os_thread_clock(&thread->clock)) {
    free(thread);
    *error = WASMSIG_ECLOCK;
    return NULL;
  }
  pthread_mutex_init(&thread->lock, NULL);
  thread->pause_ns = LEAST_PAUSE_NS;
  if (pthread_setspecific(key, thread) != 0) {
    pthread_mutex_destroy(&thread->lock);
    free(thread);
    return NULL;
  }
  pthread_mutex_lock(&lock);
  thread->next = threads;
  if (threads) threads->previous = thread;
  threads = thread;
  pthread_mutex_unlock(&lock);
  *error = WASMSIG_OK;
  return thread;
}

struct wsig_thread *wsig_thread_known(void) { return self; }

struct wsig_thread *wsig_thread_self(int *error) {
  if (!self) self = new_thread(error);
  return self;
}
