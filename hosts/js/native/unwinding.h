/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_UNWINDING_H
#define WASMSIG_UNWINDING_H

#include <node_api.h>

/* Around the unwinding of a section, in the isolate's thread: what else in the
 * host sees the termination is kept from acting on it (unwinding.c). */
void unwinding_begin(napi_env env, void *isolate);
void unwinding_end(void *isolate);

#endif
