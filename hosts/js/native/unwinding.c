/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What sees a termination besides the functions that it unwinds.
 *
 * V8 runs promise hooks from C++ where C++ makes a promise, as
 * WebAssembly.instantiate does. (Node sets them for createHook, before 24 also
 * for AsyncLocalStorage.) V8 passes a termination that arrives in such a hook
 * to the message listeners as an uncaught exception, and forgets it
 * (src/objects/contexts.cc, NativeContext::RunPromiseHook); Node then ends the
 * process. So Node's listener is replaced, for good, by one that passes
 * everything on to it except such a termination of ours. For that one it
 * requests a new termination at once: the next stack check may be in a user's
 * function. If that were left to the core's next kill, a loop that does nothing
 * but make such promises would receive that one in a hook as well, and would
 * never end.
 *
 * With --abort-on-uncaught-exception V8 asks its embedder whether to abort when
 * it throws what no JavaScript catches. A termination is such a thing, though C
 * of ours catches it (src/execution/isolate.cc, Isolate::ThrowInternal). While
 * one of ours is on its way the answer is no.
 *
 * All of it runs in the isolate's thread.
 */
#include "unwinding.h"

#include "v8.h"

#define ERROR_LEVELS (1 << 3 | 1 << 4) /* kMessageError, kMessageWarning */

static _Thread_local struct {
  napi_env env;     /* of the section that is being unwound, or NULL */
  bool is_replaced; /* Node's listener, in this thread's isolate */
} unwinding;

/* A termination has none of JavaScript's types. */
static bool is_termination(napi_value error) {
  napi_valuetype type;
  return unwinding.env && napi_typeof(unwinding.env, error, &type) != napi_ok;
}

static void listen(napi_value message, napi_value error) {
  if (is_termination(error))
    v8_isolate_terminate_execution(v8_isolate_get_current());
  else
    node_message_listener(message, error);
}

static bool can_replace_listener(void) {
  return node_message_listener && v8_isolate_add_message_listener &&
         v8_isolate_remove_message_listeners;
}

static void replace_listener(void *isolate) {
  unwinding.is_replaced = true;
  if (!can_replace_listener()) return;
  v8_isolate_remove_message_listeners(isolate, node_message_listener);
  v8_isolate_add_message_listener(isolate, listen, ERROR_LEVELS, NULL);
}

static bool never(void *isolate) {
  (void)isolate;
  return false;
}

static void set_abort(void *isolate, bool (*should_abort)(void *)) {
  if (node_should_abort && v8_isolate_set_abort_callback)
    v8_isolate_set_abort_callback(isolate, should_abort);
}

void unwinding_begin(napi_env env, void *isolate) {
  if (unwinding.env) return;
  unwinding.env = env;
  if (!unwinding.is_replaced) replace_listener(isolate);
  set_abort(isolate, never);
}

void unwinding_end(void *isolate) {
  unwinding.env = NULL;
  set_abort(isolate, node_should_abort);
}
