/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The process's own signals, forwarded to its guests. */
#include "addon.h"

/* forwardStart(signal, insist): 0 or a negative error. */
static napi_value forward_start(napi_env env, napi_callback_info info) {
  napi_value given[2];
  arguments(env, info, given, 2);
  return make_number(env, wasmsig_forward_start((int)number_of(env, given[0]),
                                                (int)number_of(env, given[1])));
}

/* forwardStop(signal): 0 or a negative error. */
static napi_value forward_stop(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return make_number(env, wasmsig_forward_stop((int)number_of(env, given[0])));
}

/* forwardReached(signal): how many instances the last delivery reached. */
static napi_value forward_reached(napi_env env, napi_callback_info info) {
  napi_value given[1];
  uint64_t reached = 0;
  arguments(env, info, given, 1);
  wasmsig_forward_last((int)number_of(env, given[0]), NULL, &reached);
  return make_number(env, (double)reached);
}

void define_signals(napi_env env, napi_value exports) {
  define(env, exports, "forwardStart", forward_start);
  define(env, exports, "forwardStop", forward_stop);
  define(env, exports, "forwardReached", forward_reached);
}
