/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "trace/open_slices.h"

#include <string.h>

struct wsig_trace_record wsig_trace_open_slices[WSIG_TRACE_MOST_OPEN];
size_t wsig_trace_open_count;

/* Whether the slice is the one that `end` ends, if none is further in. */
static bool is_ended_by(const struct wsig_trace_event *begin,
                        const struct wsig_trace_event *end) {
  if (begin->id || end->id) return begin->id == end->id;
  return begin->thread == end->thread;
}

static bool close_slice(const struct wsig_trace_event *end) {
  size_t i = wsig_trace_open_count;
  struct wsig_trace_record *open = wsig_trace_open_slices;
  while (i > 0 && !is_ended_by(&open[i - 1].event, end)) i--;
  if (i == 0) return false;
  memmove(&open[i - 1], &open[i], (wsig_trace_open_count - i) * sizeof open[0]);
  wsig_trace_open_count--;
  return true;
}

bool wsig_trace_open_slices_note(const struct wsig_trace_record *record) {
  if (record->kind == WSIG_TRACE_END) return close_slice(&record->event);
  if (record->kind != WSIG_TRACE_BEGIN) return true;
  if (wsig_trace_open_count == WSIG_TRACE_MOST_OPEN) return false;
  wsig_trace_open_slices[wsig_trace_open_count++] = *record;
  return true;
}
