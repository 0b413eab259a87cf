/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where a termination comes to, other than the functions that it unwinds.
 *
 * V8 runs promise hooks from C++ where C++ makes a promise, as
 * WebAssembly.instantiate does. (Node sets them for createHook, before 24 also
 * for AsyncLocalStorage.) A termination that arrives in such a hook is given to
 * the message listeners as an uncaught exception, and forgotten
 * (src/objects/contexts.cc, NativeContext::RunPromiseHook); Node then ends the
 * process. So Node's listener is replaced, for good, by one that
 * passes everything on to it except such a termination of ours. That it asks
 * for again, at once: the next check of the stack may be that of a user's
 * function. Were it left to the core's next kill, a loop that does nothing but
 * make such promises would meet that, too, in a hook, and never end.
 *
 * With --abort-on-uncaught-exception V8 asks its embedder whether to abort when
 * it throws what no JavaScript catches, and that is a termination too, though
 * C of ours catches it (src/execution/isolate.cc, Isolate::ThrowInternal).
 * While one of ours is under way the answer is no.
 *
 * All of it runs in the isolate's thread.
 */
#include "engine.h"
#include "v8.h"

#define ERROR_LEVELS (1 << 3 | 1 << 4) /* kMessageError, kMessageWarning */

static _Thread_local struct {
  napi_env env;     /* whose section is being unwound, or NULL */
  bool is_replaced; /* Node's listener, in this thread's isolate */
} landing;

/* A termination is none of JavaScript's types. */
static bool is_termination(napi_value error) {
  napi_valuetype type;
  return landing.env && napi_typeof(landing.env, error, &type) != napi_ok;
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
  landing.is_replaced = true;
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

void landing_begin(napi_env env, void *isolate) {
  if (landing.env) return;
  landing.env = env;
  if (!landing.is_replaced) replace_listener(isolate);
  set_abort(isolate, never);
}

void landing_end(void *isolate) {
  landing.env = NULL;
  set_abort(isolate, node_should_abort);
}
