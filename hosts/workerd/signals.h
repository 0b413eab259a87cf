/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals: what happens at a request's soft limit.
 */
#ifndef WSIG_WORKERD_SIGNALS_H
#define WSIG_WORKERD_SIGNALS_H

#include <stdint.h>

struct wkd_request;

/** Names the calling thread. */
const void *wkd_signals_thread(void);

/** CPU time of the calling thread. Signal handlers: yes. */
uint64_t wkd_signals_cpu_ns(void);

/** Signals the instances of the request's isolate, in its thread, which has the
 * isolate's lock. Signal handlers: yes. */
void wkd_signals_raise(struct wkd_request *request);

/** A budget's `raise`; `request` is a struct wkd_request. */
void wkd_signals_reach_soft(void *request);

#endif
