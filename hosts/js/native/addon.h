/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The addon: what lib/ cannot do in JavaScript. lib/ checks arguments before
 * it calls. A function here takes what its comment documents, and nothing else.
 *
 * Each file that offers functions to lib/ defines them by one of these.
 */
#ifndef WASMSIG_ADDON_H
#define WASMSIG_ADDON_H

#include "values.h"

void define_budgets(napi_env env, napi_value exports);
void define_copies(napi_env env, napi_value exports);
void define_firing_mode(napi_env env, napi_value exports);
void define_forwarded_signals(napi_env env, napi_value exports);
void define_inspect(napi_env env, napi_value exports);
void define_instances(napi_env env, napi_value exports);
void define_instrument(napi_env env, napi_value exports);
void define_memory_reservation(napi_env env, napi_value exports);
void define_module_bytes(napi_env env, napi_value exports);
void define_movable_memories(napi_env env, napi_value exports);
void define_named_use(napi_env env, napi_value exports);
void define_promise_hook(napi_env env, napi_value exports);
void define_sections(napi_env env, napi_value exports);
void define_targets(napi_env env, napi_value exports);
void define_tracing(napi_env env, napi_value exports);
void define_track(napi_env env, napi_value exports);
void define_tracked_buffers(napi_env env, napi_value exports);

#endif
