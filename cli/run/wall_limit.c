/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/wall_limit.h"

#include "base/quiet_thread.h"
#include "process/clock.h"
#include "process/end.h"
#include "process/run_time.h"
#include "text/messages.h"
#include "wasmsig/host.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static uint64_t limit_ns;

/* The remaining time is computed anew after each sleep, so that nothing is lost
 * if one ends early. */
static void *wait_and_end(void *unused) {
  for (uint64_t now = 0; (now = cli_wall_ns()) < limit_ns;) {
    struct timespec left = cli_timespec(limit_ns - now);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &left, NULL);
  }
  cli_end_by_wall_limit();
  return unused;
}

/* The thread blocks all signals: each is for the thread that runs the guest. */
static int start_thread(void) {
  pthread_t thread;
  int error = wsig_start_quiet_thread(&thread, wait_and_end);
  if (!error) pthread_detach(thread);
  return error;
}

bool cli_wall_limit_start(uint64_t limit) {
  limit_ns = limit;
  if (limit == WASMSIG_NO_LIMIT) return true;
  int error = start_thread();
  if (error) cli_message("--wall: no thread can start: %s", strerror(error));
  return !error;
}
