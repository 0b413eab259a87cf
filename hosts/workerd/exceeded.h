/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The exceptions by which the runtime's owner says that a limit was exceeded.
 */
#ifndef WSIG_WORKERD_EXCEEDED_H
#define WSIG_WORKERD_EXCEEDED_H

/* kj::Exception is smaller: one or two pointers. */
typedef struct wkd_exception {
  _Alignas(16) unsigned char opaque[64];
} wkd_exception;

/** Makes the exception of a request, whose outcome is exceededCpu. */
void wkd_exceeded_request(wkd_exception *exception);

/** Makes the exception of a start-up. `exception` has the runtime's size. */
void wkd_exceeded_startup(void *exception);

#endif
