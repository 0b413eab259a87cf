/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A kill that found the host's own functions on the stack is to look again at
 * every further check of the stack: the user's function may be on top for a
 * microsecond only, between two calls of the host's. So an interrupt stays
 * asked for until it finds the user's function, or the section has ended. V8
 * runs all interrupts that are asked for at once, those that an interrupt
 * itself asks for too; so it is another thread that asks again, a moment after
 * an interrupt, while the isolate's thread goes on.
 *
 * That thread spins then: after a wake it would come too late, each time at the
 * same place. It sleeps while what it has asked for is not served, as the
 * host's function goes on; so an interrupt that finds it asleep wakes it, and
 * waits until it spins (`retry_be_ready`).
 *
 * Why it is correct: `lock` guards all of it but `spinning` and `changes`,
 * which are atomic. An engine is asked under `lock`, and engine_detach takes it
 * off the list under `lock`, so that it is not asked after. Between two rounds
 * the thread holds no lock, and takes it again only when there is something to
 * do: a change, or the time that an engine has named.
 * No change is slept through, however late it comes: the thread says that it
 * does not spin and then looks for changes once more, and who makes one counts
 * it and then looks whether the thread spins. So one of them sees the other
 * (both are sequentially consistent). Where it does not spin, the one who makes
 * the change takes `lock`, which the thread holds until it waits: the signal
 * wakes it. Interrupts run outside of V8's and the engines' locks, as those are
 * taken inside of this one.
 */
#include "engine.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPIN_NS 1000000    /* after an interrupt, until the thread sleeps */
#define PATIENCE_NS 300000 /* until it spins again */
#define YIELD_NS 150000    /* after that, as there may be one processor only */
#define SLICE_NS 100000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct engine *retrying; /* a list */
static uint64_t spin_until_ns;
static bool started;
static _Atomic bool spinning;
static _Atomic unsigned changes;

/* Under the lock: asks each engine whose time has come; when the next one's
 * comes. */
static uint64_t ask_each(void) {
  uint64_t now = engine_now_ns(), next = UINT64_MAX;
  for (struct engine *e = retrying; e; e = e->next_retrying) {
    uint64_t at = engine_ask_again(e, now);
    if (at < next) next = at;
  }
  return next;
}

/* Without the lock: until there is something to do, or to sleep. */
static void spin(unsigned seen, uint64_t until_ns) {
  while (atomic_load(&changes) == seen && engine_now_ns() < until_ns);
}

/* A short slice lets the scheduler run it sooner on a busy machine (Linux 6.12,
 * sched_setattr(2)); where that is refused it is done without. */
static void take_short_slice(void) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } how = {.size = sizeof how, .runtime = SLICE_NS};
  if (sched_getscheduler(0) != SCHED_OTHER) return;
  how.nice = getpriority(PRIO_PROCESS, 0);
  (void)syscall(SYS_sched_setattr, 0, &how, 0);
}

static void *run(void *unused) {
  (void)unused;
  take_short_slice();
  pthread_mutex_lock(&lock);
  for (;;) {
    unsigned seen = atomic_load(&changes);
    uint64_t next = ask_each(), until = spin_until_ns;
    if (!retrying || (next == UINT64_MAX && engine_now_ns() >= until)) {
      atomic_store(&spinning, false);
      if (atomic_load(&changes) == seen) pthread_cond_wait(&wake, &lock);
      continue;
    }
    atomic_store(&spinning, true);
    pthread_mutex_unlock(&lock);
    spin(seen, next < until ? next : until);
    pthread_mutex_lock(&lock);
  }
  return NULL;
}

/* Under the lock. It is never told to end: the process's end is its own. */
static bool start(void) {
  sigset_t all, before;
  pthread_t thread;
  if (started) return true;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  started = pthread_create(&thread, NULL, run, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started) pthread_detach(thread);
  return started;
}

void retry_begin(struct engine *engine) {
  if (engine->retries) return;
  pthread_mutex_lock(&lock);
  if (start()) {
    engine->retries = true;
    engine->next_retrying = retrying;
    retrying = engine;
  }
  pthread_mutex_unlock(&lock);
}

void retry_end(struct engine *engine) {
  if (!engine->retries) return;
  pthread_mutex_lock(&lock);
  struct engine **at = &retrying;
  while (*at != engine) at = &(*at)->next_retrying;
  *at = engine->next_retrying;
  pthread_mutex_unlock(&lock);
  engine->retries = false;
}

void retry_changed(void) {
  atomic_fetch_add(&changes, 1);
  if (atomic_load(&spinning)) return;
  pthread_mutex_lock(&lock);
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
}

void retry_be_ready(void) {
  pthread_mutex_lock(&lock);
  spin_until_ns = engine_now_ns() + SPIN_NS;
  atomic_fetch_add(&changes, 1);
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
  uint64_t start_ns = engine_now_ns(), waited_ns = 0;
  while (!atomic_load(&spinning) && waited_ns < PATIENCE_NS) {
    if (waited_ns > YIELD_NS) sched_yield();
    waited_ns = engine_now_ns() - start_ns;
  }
}
