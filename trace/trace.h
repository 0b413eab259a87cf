/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A trace of the process: what its guests and their host did, on one time line,
 * in a file of Chrome's trace format. Perfetto opens it.
 *
 *     const char *why = wsig_trace_start(&options);
 *     struct wsig_trace_event section = {.name = "section"};
 *     bool begun = wsig_trace_begin(&section);
 *     call_the_guest();
 *     if (begun) wsig_trace_end(&section);
 *     wsig_trace_finish();
 *
 * A process has one trace, and starts it once. A thread of its own writes the
 * file, 50 ms after an event at the latest. The file is complete JSON after
 * each write, also if the process is killed. Where events come faster than they
 * are written, some are lost, and counted; a slice that has begun never loses
 * its end.
 *
 * Threads: any. Signal handlers: all but wsig_trace_start(). The child of a
 * fork has no trace.
 */
#ifndef WSIG_TRACE_H
#define WSIG_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct wsig_trace_options {
  const char *file;    /* %p in it becomes the process id, %% a % */
  const char *subject; /* of messages on standard error; never freed */
  const char *process; /* the process's name in the trace; never freed */
};

/* All strings are never freed, and have no characters that JSON escapes. */
struct wsig_trace_event {
  const char *name;
  int signal;       /* its name comes before `name`; 0: none */
  int64_t thread;   /* 0: the calling one */
  uint64_t id;      /* not 0: of a slice that belongs to no thread */
  uint64_t time_ns; /* of CLOCK_MONOTONIC; 0: now */
  struct {
    const char *name; /* NULL: none */
    uint64_t value;
  } numbers[3];
  struct {
    const char *name; /* NULL: none */
    const char *value;
  } text;
};

/**
 * Starts the trace, and overwrites the file if it is an earlier trace.
 *
 * Returns:   NULL; or why there is none, a text that the next call overwrites.
 *            No other file is overwritten, and none that another process is
 *            writing.
 */
const char *wsig_trace_start(const struct wsig_trace_options *options);

/* Whether events are recorded. Without a trace this is one load. */
static inline bool wsig_trace_is_on(void);

/* Begins a slice. False: it is not recorded, and its end must not be. */
bool wsig_trace_begin(const struct wsig_trace_event *event);

/* Ends the slice that began last in the thread, or the one of that id. */
void wsig_trace_end(const struct wsig_trace_event *event);

/* Something that takes no time. */
void wsig_trace_instant(const struct wsig_trace_event *event);

/* Names the calling thread in the trace. */
void wsig_trace_name_thread(const char *name);

/* The calling thread's number, for `thread`. */
int64_t wsig_trace_thread(void);

/* Writes what was recorded, and ends the trace: before the process ends. */
void wsig_trace_finish(void);

extern int wsig_trace_state; /* atomic; not 0: on */

static inline bool wsig_trace_is_on(void) {
  return __atomic_load_n(&wsig_trace_state, __ATOMIC_RELAXED) != 0;
}

#endif
