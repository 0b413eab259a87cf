/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The exceptions by which the runtime's owner says that a limit was exceeded.
 */
#ifndef WSIG_WORKERD_EXCEEDED_H
#define WSIG_WORKERD_EXCEEDED_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* kj::Exception is smaller: one or two pointers. */
typedef struct wkd_exception {
  void *opaque[8];
} wkd_exception;

/** Makes the exception of a request, whose outcome is exceededCpu. */
void wkd_exceeded_request(wkd_exception *exception);

/** Makes what an HTTP client is told of it: Cloudflare's error 1102. */
void wkd_exceeded_answer(wkd_exception *exception);

/** Whether wkd_exceeded_request() has made it, or what it is a copy of. */
bool wkd_is_exceeded_request(const void *exception);

/** Makes the exception of a start-up. `exception` has the runtime's size. */
void wkd_exceeded_startup(void *exception);

#ifdef __cplusplus
}
#endif

#endif
