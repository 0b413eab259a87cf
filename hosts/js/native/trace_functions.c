/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The trace, for lib/: its start, and what only JavaScript sees. */
#include "addon.h"
#include "clock.h"
#include "engine.h"
#include "realm.h"
#include "tracing.h"

/* startTrace(file): once in a process; in each environment. Whether the process
 * is traced. */
static napi_value start_trace(napi_env env, napi_callback_info info) {
  napi_value given[1];
  char name[4096] = "";
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  text_of(env, given[0], name, sizeof name);
  tracing_start(name);
  tracing_watch(&realm->engine->traced, realm->registry);
  return make_bool(env, wsig_trace_is_on());
}

/* traceNow(): a time for traceCompiled. */
static napi_value trace_now(napi_env env, napi_callback_info info) {
  (void)info;
  return make_number(env, (double)monotonic_now_ns());
}

/* traceCompiled(since, isAsync): a slice from then on. */
static napi_value trace_compiled(napi_env env, napi_callback_info info) {
  static uint64_t made; /* atomic */
  napi_value given[2];
  struct wsig_trace_event event = {.name = "compile"};
  arguments(env, info, given, 2);
  if (bool_of(env, given[1]))
    event.id = __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) << 1;
  event.time_ns = (uint64_t)number_of(env, given[0]);
  bool begun = wsig_trace_begin(&event);
  event.time_ns = 0;
  if (begun) wsig_trace_end(&event);
  return NULL;
}

/* traceWait(number, begins): the begin, or the end, of a wait of that call of
 * runAsync. Whether it has begun. */
static napi_value trace_wait(napi_env env, napi_callback_info info) {
  napi_value given[2];
  struct wsig_trace_event event = {.name = "waiting"};
  arguments(env, info, given, 2);
  event.id = ((uint64_t)wsig_trace_thread() << 33) |
             (uint64_t)number_of(env, given[0]) << 1 | 1;
  if (bool_of(env, given[1])) return make_bool(env, wsig_trace_begin(&event));
  wsig_trace_end(&event);
  return make_bool(env, false);
}

void define_tracing(napi_env env, napi_value exports) {
  define(env, exports, "startTrace", start_trace);
  define(env, exports, "traceNow", trace_now);
  define(env, exports, "traceCompiled", trace_compiled);
  define(env, exports, "traceWait", trace_wait);
}
