/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A kill that found the host's own functions on the stack is to look again at
 * the next check of the stack, and the next: the user's function may be on top
 * for a microsecond only, between two calls of the host's. V8 runs all
 * interrupts that are asked for at once, those that an interrupt itself asks
 * for too; so it is another thread that asks again, at once, while the
 * isolate's thread goes on.
 *
 * That thread is spinning meanwhile, and the isolate's thread waits until it
 * does: after a wake it would come too late, each time at the same place. A
 * bout is short, there is one in the process at a time, and the core's next
 * kill, a millisecond of CPU later, begins the next.
 *
 * Why it is correct: `lock` guards all of it but `spinning`, which is atomic.
 * An engine is asked under `lock`, and engine_detach takes it away under
 * `lock`, so that it is not asked after.
 */
#include "engine.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#define BOUT_NS 1000000
#define PATIENCE_NS 300000 /* until the thread spins */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct engine *asked; /* NULL: the thread sleeps, or is about to */
static uint64_t until_ns;
static bool started;
static _Atomic bool spinning;

/* Under the lock: one step of a bout; whether it goes on. */
static bool ask(void) {
  if (!asked) return false;
  if (engine_now_ns() >= until_ns) asked = NULL;
  if (asked) engine_ask_again(asked);
  return asked != NULL;
}

static void *run(void *unused) {
  (void)unused;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (!asked) pthread_cond_wait(&wake, &lock);
    pthread_mutex_unlock(&lock);
    atomic_store(&spinning, true);
    for (bool on = true; on;) {
      pthread_mutex_lock(&lock);
      on = ask();
      pthread_mutex_unlock(&lock);
    }
    atomic_store(&spinning, false);
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
  pthread_mutex_lock(&lock);
  bool begins = !asked && start();
  if (begins) {
    asked = engine;
    until_ns = engine_now_ns() + BOUT_NS;
    pthread_cond_signal(&wake);
  }
  pthread_mutex_unlock(&lock);
  if (!begins) return;
  uint64_t patience_ns = engine_now_ns() + PATIENCE_NS;
  while (!atomic_load(&spinning) && engine_now_ns() < patience_ns)
    sched_yield();
}

void retry_end(struct engine *engine) {
  pthread_mutex_lock(&lock);
  if (asked == engine) asked = NULL;
  pthread_mutex_unlock(&lock);
}
