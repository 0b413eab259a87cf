/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The results of WebAssembly's promises, before any other code receives them.
 *
 * A reaction of our own would be visible: on the engine's promise it counts as
 * a handler, which hides unhandled rejections, and a promise derived from it is
 * settled a microtask later. V8 instead lets its embedder settle the promises
 * of WebAssembly (v8-isolate.h, SetWasmAsyncResolvePromiseCallback). The
 * callback below calls lib/, and then V8's own callback. V8 11 settles in a
 * task of its own. From V8 13 on its own callback is not exported, and settles
 * at once. A promise that is settled already when its call returns can be read
 * (v8-promise.h).
 *
 * Where the host exports none of this (v8.h), lib/ is informed, and derives a
 * promise.
 */
#include "addon.h"
#include "v8.h"

#include <stddef.h>

typedef void resolve_callback(void *isolate, void *context, napi_value resolver,
                              napi_value result, int failed);

extern void v8_isolate_set_wasm_resolve(void *isolate,
                                        resolve_callback *callback)
    V8_NAMED(
        "_ZN2v87Isolate34SetWasmAsyncResolvePromiseCallbackEPFvPS0_"
        "NS_5LocalINS_7ContextEEENS2_INS_7Promise8ResolverEEENS2_INS_5ValueEEE"
        "NS_16WasmAsyncSuccessEE");
extern resolve_callback v8_default_wasm_resolve V8_NAMED(
    "_ZN2v88internal38DefaultWasmAsyncResolvePromiseCallbackEPNS_7IsolateE"
    "NS_5LocalINS_7ContextEEENS3_INS_7Promise8ResolverEEENS3_INS_5ValueEEE"
    "NS_16WasmAsyncSuccessE");
/* Both return Maybe<bool>, two bytes in a register, which is not used. */
extern int v8_resolver_resolve(napi_value resolver, void *context,
                               napi_value value)
    V8_NAMED(
        "_ZN2v87Promise8Resolver7ResolveENS_5LocalINS_7ContextEEE"
        "NS2_INS_5ValueEEE");
extern int v8_resolver_reject(napi_value resolver, void *context,
                              napi_value value)
    V8_NAMED(
        "_ZN2v87Promise8Resolver6RejectENS_5LocalINS_7ContextEEE"
        "NS2_INS_5ValueEEE");
extern int v8_promise_state(napi_value promise)
    V8_NAMED("_ZN2v87Promise5StateEv");
extern napi_value v8_promise_result(napi_value promise)
    V8_NAMED("_ZN2v87Promise6ResultEv");

enum { PENDING, FULFILLED }; /* Promise::PromiseState */

/* Of this thread. An isolate stays in its thread. */
static _Thread_local struct {
  napi_env env; /* NULL: there is no listener */
  napi_ref listener;
} hook;

static void call_listener(napi_value promise, napi_value result) {
  napi_env env = hook.env;
  napi_handle_scope scope;
  napi_value listener, receiver, ignored;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, hook.listener, &listener) == napi_ok &&
      napi_get_undefined(env, &receiver) == napi_ok) {
    napi_value given[] = {promise, result};
    /* It throws if the stack is full, or if the call is killed. */
    if (napi_call_function(env, receiver, listener, 2, given, &ignored) !=
        napi_ok)
      napi_get_and_clear_last_exception(env, &ignored);
  }
  napi_close_handle_scope(env, scope);
}

static void settle(void *isolate, void *context, napi_value resolver,
                   napi_value result, int failed) {
  /* The resolver is the promise itself. */
  if (!failed && hook.env) call_listener(resolver, result);
  if (v8_default_wasm_resolve)
    v8_default_wasm_resolve(isolate, context, resolver, result, failed);
  else if (failed)
    v8_resolver_reject(resolver, context, result);
  else
    v8_resolver_resolve(resolver, context, result);
}

/* `at_once`: whether the host's V8 settles these promises at once. */
static bool can_hook(bool at_once) {
  if (!v8_isolate_get_current || !v8_isolate_set_wasm_resolve) return false;
  return v8_default_wasm_resolve ||
         (at_once && v8_resolver_resolve && v8_resolver_reject);
}

static void remove_hook(void *env) {
  if (hook.env != env) return;
  napi_delete_reference(hook.env, hook.listener);
  hook.env = NULL;
}

/* hookPromises(listener, atOnce): calls listener(promise, result) for each
 * promise of WebAssembly before it is fulfilled, which may be before its call
 * returns. Answers whether it will. */
static napi_value hook_promises(napi_env env, napi_callback_info info) {
  napi_value given[2];
  arguments(env, info, given, 2);
  bool is_hooked =
      can_hook(bool_of(env, given[1])) && !hook.env &&
      napi_create_reference(env, given[0], 1, &hook.listener) == napi_ok;
  if (is_hooked) {
    hook.env = env;
    napi_add_env_cleanup_hook(env, remove_hook, env);
    v8_isolate_set_wasm_resolve(v8_isolate_get_current(), settle);
  }
  return make_bool(env, is_hooked);
}

/* promiseResult(promise): its result if it is fulfilled with an object,
 * undefined while it is pending, false if it is settled otherwise; null if the
 * host does not show it. */
static napi_value promise_result(napi_env env, napi_callback_info info) {
  napi_value promise, answer = NULL;
  napi_valuetype type = napi_undefined;
  bool is_promise = false;
  arguments(env, info, &promise, 1);
  napi_get_null(env, &answer);
  napi_is_promise(env, promise, &is_promise);
  if (!is_promise || !v8_promise_state || !v8_promise_result) return answer;
  int state = v8_promise_state(promise);
  if (state == FULFILLED) {
    napi_value result = v8_promise_result(promise);
    napi_typeof(env, result, &type);
    if (type == napi_object || type == napi_function) return result;
  }
  if (state != PENDING) return make_bool(env, false);
  napi_get_undefined(env, &answer);
  return answer;
}

void define_promise_hook(napi_env env, napi_value exports) {
  define(env, exports, "hookPromises", hook_promises);
  define(env, exports, "promiseResult", promise_result);
}
