/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The slices that have begun and not ended, for the thread that writes. */
#ifndef WSIG_TRACE_OPEN_SLICES_H
#define WSIG_TRACE_OPEN_SLICES_H

#include "trace/ring.h"

/* Whether the event may be written: an end needs a begin before it. */
bool wsig_trace_open_slices_note(const struct wsig_trace_record *record);

/* The begins, in their order. */
extern struct wsig_trace_record wsig_trace_open_slices[WSIG_TRACE_MOST_OPEN];
extern size_t wsig_trace_open_count;

#endif
