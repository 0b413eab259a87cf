/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between those who record events and the thread that writes them (wake.c). */
#ifndef WSIG_TRACE_WAKE_H
#define WSIG_TRACE_WAKE_H

#include <stdbool.h>

/* Before the thread starts. */
void wsig_trace_wake_open(void);

/* An event was recorded. Signal handlers: yes. */
void wsig_trace_notify(void);

/* For the thread: sleeps until there is an event, or the end is requested. */
void wsig_trace_wait_for_event(void);
/* Sleeps for PAUSE_NS, or until many events wait, or the end is requested. */
void wsig_trace_wait_for_more(void);
bool wsig_trace_is_end_requested(void);
void wsig_trace_has_ended(void);

#endif
