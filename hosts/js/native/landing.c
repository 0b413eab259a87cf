/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where a termination comes to, other than the functions that it unwinds.
 *
 * V8 before 13 (Node 18 to 22) runs promise hooks from C++ where C++ makes a
 * promise, as WebAssembly.instantiate does. A termination that arrives in such
 * a hook is given to the message listeners as an uncaught exception, and
 * forgotten (src/objects/contexts.cc, NativeContext::RunPromiseHook); Node then
 * ends the process. So Node's listener is replaced, for good, by one that
 * passes everything on to it except such a termination of ours. The core's next
 * kill, a millisecond of CPU later, terminates again.
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

#include <stdlib.h>

#define FIRST_GOOD_V8 13
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
  if (!is_termination(error)) node_message_listener(message, error);
}

static bool reports_terminations(void) {
  return v8_get_version && atoi(v8_get_version()) < FIRST_GOOD_V8 &&
         node_message_listener && v8_isolate_add_message_listener &&
         v8_isolate_remove_message_listeners;
}

static void replace_listener(void *isolate) {
  landing.is_replaced = true;
  if (!reports_terminations()) return;
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
