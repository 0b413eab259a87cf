/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A kill that finds the host's own functions on the stack must check again at
 * every further stack check of V8's: the user's function may be on top for a
 * microsecond only, between two calls of the host's. So an interrupt stays
 * requested until it finds the user's function, or until the section has ended.
 * V8 runs all requested interrupts at once, including those that an interrupt
 * itself requests. So another thread requests the next one, a moment after an
 * interrupt, while the isolate's thread goes on.
 *
 * That thread spins meanwhile: after a wake-up it would be too late, each time
 * at the same place. It sleeps while its requests are not served because the
 * host's function goes on. An interrupt that finds it asleep wakes it, and
 * waits until it spins (`interrupt_spinner_wake`).
 *
 * Why it is correct: `lock` guards everything but `spinning` and `changes`,
 * which are atomic. The thread calls a client under `lock`, and `remove` takes
 * it off the list under `lock`, so no call comes after that. Between two rounds
 * the thread holds no lock, and takes it again only when there is something to
 * do: a change, or the time that a client has named.
 * The thread sleeps through no change, however late it comes: it clears
 * `spinning` and then checks `changes` once more, and the code that makes a
 * change counts it and then checks `spinning`. So one of them sees the other
 * (both are sequentially consistent). Where the thread does not spin, the code
 * that makes the change takes `lock`, which the thread holds until it waits:
 * the condition's signal wakes it. Interrupts run outside of V8's and the
 * engines' locks, as those are taken inside of this one.
 */
#include "interrupt_spinner.h"

#include "clock.h"

#include "base/quiet_thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPIN_NS 1000000    /* after an interrupt, until the thread sleeps */
#define PATIENCE_NS 300000 /* for it to spin again */
#define YIELD_NS 150000    /* then yield, as there may be one processor only */
#define SLICE_NS 100000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct spinner_client *clients; /* a list */
static uint64_t spin_until_ns;
static bool started;
static _Atomic bool spinning;
static _Atomic unsigned changes;

/* Under the lock: requests of each client whose time has come. Answers when the
 * next one's comes. */
static uint64_t request_each(void) {
  uint64_t now = monotonic_now_ns(), next = UINT64_MAX;
  for (struct spinner_client *client = clients; client; client = client->next) {
    uint64_t at = client->request(client, now);
    if (at < next) next = at;
  }
  return next;
}

/* Without the lock: until there is something to do, or it is time to sleep. */
static void spin(unsigned seen, uint64_t until_ns) {
  while (atomic_load(&changes) == seen && monotonic_now_ns() < until_ns);
}

/* A short slice lets the scheduler run the thread sooner on a busy machine
 * (Linux 6.12, sched_setattr(2)). An older kernel refuses it: no matter. */
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
    uint64_t next = request_each(), until = spin_until_ns;
    if (!clients || (next == UINT64_MAX && monotonic_now_ns() >= until)) {
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

/* Under the lock. The thread ends with the process. */
static bool start(void) {
  pthread_t thread;
  if (started) return true;
  started = wsig_start_quiet_thread(&thread, run) == 0;
  if (started) pthread_detach(thread);
  return started;
}

void interrupt_spinner_add(struct spinner_client *client) {
  if (client->is_added) return;
  pthread_mutex_lock(&lock);
  if (start()) {
    client->is_added = true;
    client->next = clients;
    clients = client;
  }
  pthread_mutex_unlock(&lock);
}

void interrupt_spinner_remove(struct spinner_client *client) {
  if (!client->is_added) return;
  pthread_mutex_lock(&lock);
  struct spinner_client **at = &clients;
  while (*at != client) at = &(*at)->next;
  *at = client->next;
  pthread_mutex_unlock(&lock);
  client->is_added = false;
}

void interrupt_spinner_notify(void) {
  atomic_fetch_add(&changes, 1);
  if (atomic_load(&spinning)) return;
  pthread_mutex_lock(&lock);
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
}

void interrupt_spinner_wake(void) {
  pthread_mutex_lock(&lock);
  spin_until_ns = monotonic_now_ns() + SPIN_NS;
  atomic_fetch_add(&changes, 1);
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
  uint64_t start_ns = monotonic_now_ns(), waited_ns = 0;
  while (!atomic_load(&spinning) && waited_ns < PATIENCE_NS) {
    if (waited_ns > YIELD_NS) sched_yield();
    waited_ns = monotonic_now_ns() - start_ns;
  }
}
