/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Recording an event: all code here may run in a signal handler. */
#include "trace/ring.h"
#include "trace/wake.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int wsig_trace_state;

static uint64_t now_ns(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int64_t wsig_trace_thread(void) { return syscall(SYS_gettid); }

static bool record(const struct wsig_trace_event *event,
                   enum wsig_trace_kind kind) {
  if (!wsig_trace_is_on()) return false;
  struct wsig_trace_record record = {.event = *event, .kind = kind};
  if (!event->time_ns) record.event.time_ns = now_ns();
  if (!event->thread) record.event.thread = wsig_trace_thread();
  bool fits = wsig_trace_ring_put(&record);
  wsig_trace_notify();
  return fits;
}

bool wsig_trace_begin(const struct wsig_trace_event *event) {
  return record(event, WSIG_TRACE_BEGIN);
}

void wsig_trace_end(const struct wsig_trace_event *event) {
  record(event, WSIG_TRACE_END);
}

void wsig_trace_instant(const struct wsig_trace_event *event) {
  record(event, WSIG_TRACE_INSTANT);
}

void wsig_trace_name_thread(const char *name) {
  record(&(struct wsig_trace_event){.name = name}, WSIG_TRACE_NAME);
}
