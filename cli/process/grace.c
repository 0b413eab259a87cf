/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The handler of a request stores when its time is over, and wakes a thread
 * with cli_wake_up(), which is async-signal-safe. The thread sleeps until the
 * earliest of these times. Then it checks whether the request still waits, and
 * ends the process if it does.
 *
 * A request that comes again while it waits keeps its time: repeating it gains
 * the program nothing. One that comes after an acknowledgement has a time of
 * its own. The core counts which of both it is (wasmsig_forward_unanswered).
 * If the thread takes a time while the handler stores a later one, the
 * compare-exchange fails, and the thread continues with the later one.
 *
 * The core raises a signal before the handler here stores its time. So when a
 * time is over, a new request may wait whose time is not stored yet. The thread
 * looks again after SETTLE_MS.
 */
#include "process/grace.h"

#include "base/quiet_thread.h"
#include "process/clock.h"
#include "process/end.h"
#include "process/wake.h"
#include "text/messages.h"
#include "wasmsig/host.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static const int requests[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define REQUESTS (sizeof requests / sizeof *requests)
#define NEVER CLI_EVER
#define SETTLE_MS 10

static uint64_t grace = CLI_NO_GRACE;
static uint64_t end_ns[REQUESTS]; /* of the monotonic clock; atomic */
static struct cli_wake wake;

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)

/* REQUESTS: the signal is none. */
static size_t index_of(int signal) {
  size_t i = 0;
  while (i < REQUESTS && requests[i] != signal) i++;
  return i;
}

static uint64_t later(uint64_t now, uint64_t ns) {
  return ns < NEVER - now ? now + ns : NEVER;
}

bool cli_grace_received(int signal) {
  size_t i = index_of(signal);
  uint64_t count = 0;
  if (i == REQUESTS || grace == CLI_NO_GRACE) return false;
  if (grace == 0) {
    wasmsig_forward_handled(signal, &count);
    return count == 0;
  }
  wasmsig_forward_unanswered(signal, &count);
  if (count <= 1 || LOAD(end_ns[i]) == NEVER) {
    STORE(end_ns[i], later(cli_now_ns(CLOCK_MONOTONIC), grace));
    cli_wake_up(&wake);
  }
  return false;
}

/* --------------------------------------------------------------- the thread */

static bool waits(int signal) {
  uint64_t count = 0;
  return wasmsig_forward_waiting(signal, &count) == WASMSIG_OK && count > 0;
}

/* Whether the request of this time still waits. */
static bool is_over(size_t i, uint64_t end) {
  if (!waits(requests[i])) return false;
  poll(NULL, 0, SETTLE_MS);
  return waits(requests[i]) && LOAD(end_ns[i]) == end;
}

/* Ends the process if a request's time is over. Returns the earliest time that
 * is not. */
static uint64_t check(uint64_t now) {
  uint64_t earliest = NEVER;
  for (size_t i = 0; i < REQUESTS; i++) {
    uint64_t end = LOAD(end_ns[i]);
    if (end <= now) {
      if (is_over(i, end)) cli_end_by_signal(requests[i]);
      if (__atomic_compare_exchange_n(&end_ns[i], &end, NEVER, false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        continue;
    }
    if (end < earliest) earliest = end;
  }
  return earliest;
}

static void *check_in_time(void *unused) {
  for (;;) cli_wake_sleep(&wake, check(cli_now_ns(CLOCK_MONOTONIC)));
  return unused;
}

/* The thread blocks all signals: each is for the thread that runs the guest. */
bool cli_grace_start(uint64_t grace_ns) {
  pthread_t thread;
  grace = grace_ns;
  for (size_t i = 0; i < REQUESTS; i++) STORE(end_ns[i], NEVER);
  if (grace == 0 || grace == CLI_NO_GRACE) return true;
  int error = wsig_start_quiet_thread(&thread, check_in_time);
  if (!error) pthread_detach(thread);
  if (error) cli_message("--grace: no thread can start: %s", strerror(error));
  return !error;
}
