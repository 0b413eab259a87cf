/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/compile_notice.h"

#include "base/quiet_thread.h"
#include "process/clock.h"
#include "text/messages.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(1000000000)

static pthread_t thread;
static bool has_thread;
static sem_t has_ended;
static const char *path;
static bool stores;

static void *wait_and_print(void *unused) {
  struct timespec until =
      cli_timespec(cli_now_ns(CLOCK_REALTIME) + PATIENCE_NS);
  int error;
  do {
    error = sem_timedwait(&has_ended, &until) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error == ETIMEDOUT)
    cli_message("%s: compiling%s", path,
                stores ? "; the next start will be quicker" : "");
  return unused;
}

/* The thread blocks all signals: each is for the thread that runs the guest. */
void cli_compile_notice_start(const char *file, bool is_stored) {
  if (!isatty(STDERR_FILENO)) return;
  path = file;
  stores = is_stored;
  sem_init(&has_ended, 0, 0);
  has_thread = wsig_start_quiet_thread(&thread, wait_and_print) == 0;
}

void cli_compile_notice_stop(void) {
  if (!has_thread) return;
  sem_post(&has_ended);
  pthread_join(thread, NULL);
}
