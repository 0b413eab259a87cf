/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests: a budget for each IoContext, entered and left with its turns.
 */
#ifndef WSIG_WORKERD_REQUESTS_H
#define WSIG_WORKERD_REQUESTS_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Behind LimitEnforcer's methods: what is entered is left when the runtime
 * drops what slots.cc returns. */
void *wkd_request_enter(void *enforcer, void *context);
void wkd_request_leave(void *entered);
int wkd_request_outcome(void *enforcer); /* WKD_OUTCOME_... */
/* IoContext's constructor has asked for the promise of onLimitsExceeded(). */
void wkd_request_context_made(void *enforcer);

/** A turn of the calling thread is being stopped. */
bool wkd_request_is_stopping(void);

/* Replace methods of LimitEnforcer. */
void wkd_request_top_up(void *enforcer);
void wkd_request_require(void *enforcer);
void wkd_request_set_callback(void *enforcer, struct wkd_function *callback);

/* Replaces IoContext's deleting destructor. */
void wkd_request_context_delete(void *context);

#ifdef __cplusplus
}
#endif

#endif
