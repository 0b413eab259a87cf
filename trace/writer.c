/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The thread that writes the trace's file. It blocks all signals: so no handler
 * ends the process in the middle of its write, SIGXFSZ among them, and each
 * signal goes to a thread that expects it. It is the only one that uses the
 * file and the reader's side of the ring.
 */
#include "base/quiet_thread.h"
#include "trace/file.h"
#include "trace/ring.h"
#include "trace/wake.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SETTLE_MS 5 /* for an event that another thread is recording */
#define STDERR_PATIENCE_MS 100

static const char *subject;
static bool has_warned;

static void record_nothing(void) {
  __atomic_store_n(&wsig_trace_state, 0, __ATOMIC_RELAXED);
}

/* One line on standard error; a reader who has stopped reading gets none. */
static void warn(const char *what, const char *why) {
  struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};
  char line[1024];
  int length = snprintf(line, sizeof line, "wasmsig: %s: %.600s: %s%s\n",
                        subject, wsig_trace_file_name(), what, why);
  if (has_warned || poll(&error, 1, STDERR_PATIENCE_MS) != 1) return;
  ssize_t written = write(STDERR_FILENO, line, (size_t)length);
  (void)written;
  has_warned = true;
}

static void add_all(void) {
  struct wsig_trace_record record;
  while (wsig_trace_ring_take(&record)) wsig_trace_file_add(&record);
}

static void write_all(enum wsig_trace_ending ending) {
  add_all();
  if (wsig_trace_file_flush(wsig_trace_ring_lost(), ending)) return;
  int error = errno;
  record_nothing();
  warn("the trace ends here: ", wsig_trace_error_text(error));
}

static void warn_of_lost(void) {
  char count[32];
  uint64_t lost = wsig_trace_ring_lost();
  snprintf(count, sizeof count, "%llu", (unsigned long long)lost);
  if (lost > 0)
    warn("events came faster than they could be written; missing: ", count);
}

/* An event that a thread is recording may come soon. One whose recording was
 * interrupted for good never comes. */
static void write_rest(void) {
  record_nothing();
  add_all();
  if (!wsig_trace_ring_is_empty()) poll(NULL, 0, SETTLE_MS);
  do add_all();
  while (wsig_trace_ring_skip());
  write_all(WSIG_TRACE_COMPLETE);
  warn_of_lost();
}

static void *write_until_end(void *unused) {
  prctl(PR_SET_NAME, "wasmsig-trace");
  while (!wsig_trace_is_end_requested()) {
    wsig_trace_wait_for_event();
    wsig_trace_wait_for_more();
    write_all(WSIG_TRACE_RUNNING);
  }
  write_rest();
  wsig_trace_has_ended();
  return unused;
}

/* -------------------------------------------------------------------- start */

static int start_thread(void) {
  pthread_t thread;
  int error = wsig_start_quiet_thread(&thread, write_until_end);
  if (!error) pthread_detach(thread);
  return error;
}

/* It has no such thread. The file stays locked until all who have it open have
 * closed it. */
static void leave_to_parent(void) {
  record_nothing();
  wsig_trace_file_close();
}

const char *wsig_trace_start(const struct wsig_trace_options *options) {
  subject = options->subject;
  const char *why = wsig_trace_file_open(options->file, options->process);
  if (why) return why;
  if (!wsig_trace_ring_open()) return wsig_trace_error_text(ENOMEM);
  wsig_trace_wake_open();
  int error = start_thread();
  if (error) return wsig_trace_error_text(error);
  pthread_atfork(NULL, NULL, leave_to_parent);
  __atomic_store_n(&wsig_trace_state, 1, __ATOMIC_RELEASE);
  return NULL;
}
