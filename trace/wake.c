/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the thread that writes the file is woken, and how the process ends its
 * trace. sem_post(3) wakes it, which is async-signal-safe.
 *
 * It sleeps until an event comes, then PAUSE_NS longer, for more of them. Why
 * no event is overlooked: before it sleeps it stores `is_asleep` and then looks
 * for an event; who records one publishes it (ring.c) and then loads
 * `is_asleep` (all seq_cst). One of both sees the other.
 *
 * wsig_trace_finish() may be called in a handler, which may have interrupted
 * anything, also the recording of an event. It requests the last write and
 * waits for it. The thread needs no lock for that which others hold. If it
 * cannot write, because the file's disk hangs, the process ends after
 * PATIENCE_MS without it.
 */
#include "trace/wake.h"

#include "trace/ring.h"

#include <poll.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 50000000
#define PATIENCE_MS 10000

enum { RUNS, END_REQUESTED, ENDED };

static sem_t wake;
static int is_asleep; /* atomic */
static int end;       /* atomic */
static pid_t owner;   /* 0: no trace was started */

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_SEQ_CST)

void wsig_trace_wake_open(void) {
  sem_init(&wake, 0, 0);
  owner = getpid();
}

void wsig_trace_notify(void) {
  bool sleeps = LOAD(is_asleep) &&
                __atomic_exchange_n(&is_asleep, 0, __ATOMIC_SEQ_CST) != 0;
  if (sleeps || wsig_trace_ring_is_filling()) sem_post(&wake);
}

/* --------------------------------------------------------------- the thread */

bool wsig_trace_is_end_requested(void) { return LOAD(end) != RUNS; }

void wsig_trace_wait_for_event(void) {
  STORE(is_asleep, 1);
  if (!wsig_trace_ring_has_next() && !wsig_trace_is_end_requested())
    sem_wait(&wake);
  STORE(is_asleep, 0);
}

void wsig_trace_wait_for_more(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += PAUSE_NS;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  if (!wsig_trace_is_end_requested()) sem_timedwait(&wake, &until);
}

void wsig_trace_has_ended(void) { STORE(end, ENDED); }

/* ------------------------------------------------------------------ the end */

void wsig_trace_finish(void) {
  int runs = RUNS;
  if (owner == 0 || owner != getpid()) return;
  __atomic_compare_exchange_n(&end, &runs, END_REQUESTED, false,
                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  sem_post(&wake);
  for (int ms = 0; LOAD(end) != ENDED && ms < PATIENCE_MS; ms++)
    poll(NULL, 0, 1);
}
