/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The events that are not written yet (ring.c). */
#ifndef WSIG_TRACE_RING_H
#define WSIG_TRACE_RING_H

#include "trace/trace.h"

#include <stddef.h>

enum wsig_trace_kind {
  WSIG_TRACE_BEGIN,
  WSIG_TRACE_END,
  WSIG_TRACE_INSTANT,
  WSIG_TRACE_NAME
};

struct wsig_trace_record {
  struct wsig_trace_event event; /* with its thread and time */
  enum wsig_trace_kind kind;
};

/* The most slices that may have begun and not ended. */
#define WSIG_TRACE_MOST_OPEN 256u

/* False: no memory. Once. */
bool wsig_trace_ring_open(void);

/* False: there is no room, and the event is counted as lost. Signal handlers:
 * yes. Progress: lock-free. */
bool wsig_trace_ring_put(const struct wsig_trace_record *record);

/* A quarter of the ring has filled since this last returned true. */
bool wsig_trace_ring_is_filling(void);

/* For one thread, the writer. False: the next event is not complete yet, or
 * there is none. */
bool wsig_trace_ring_take(struct wsig_trace_record *record);
bool wsig_trace_ring_has_next(void);
/* Whether each event that was put is taken. */
bool wsig_trace_ring_is_empty(void);
/* Skips one event whose put has begun and may never end. False: there is none.
 * No event may be put any more. */
bool wsig_trace_ring_skip(void);

uint64_t wsig_trace_ring_lost(void);

#endif
