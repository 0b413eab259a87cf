/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_TRACKED_BUFFERS_H
#define WASMSIG_TRACKED_BUFFERS_H

#include <node_api.h>

struct realm;

/* The environment ends. */
void tracked_buffers_drop_all(napi_env env, struct realm *realm);

#endif
