/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether timers or the watchdog alone notice limits. */
#include "addon.h"

#include "wasmsig/host.h"

#include <pthread.h>

static int set_to(wasmsig_firing firing) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = firing;
  return wasmsig_set_firing(&options);
}

/* setFiring(firing): for the whole process; throws ERR_WASMSIG_BUSY. */
static napi_value set_firing(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  int error = set_to((wasmsig_firing)number_of(env, given[0]));
  return error ? throw_code(env, error) : NULL;
}

static pthread_once_t is_initialized = PTHREAD_ONCE_INIT;
static wasmsig_firing initial_firing;

static void initialize(void) { set_to(initial_firing); }

/* initializeFiring(firing): the same, unless a thread of the process has called
 * this before. */
static napi_value initialize_firing(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  initial_firing = (wasmsig_firing)number_of(env, given[0]);
  pthread_once(&is_initialized, initialize);
  return NULL;
}

/* firing(): a wasmsig_firing, the one of this thread. */
static napi_value firing(napi_env env, napi_callback_info info) {
  (void)info;
  wasmsig_firing_options now = WASMSIG_FIRING_OPTIONS_INIT;
  int error = wasmsig_get_firing(&now);
  return error ? throw_code(env, error) : make_number(env, now.firing);
}

void define_firing_mode(napi_env env, napi_value exports) {
  define(env, exports, "setFiring", set_firing);
  define(env, exports, "initializeFiring", initialize_firing);
  define(env, exports, "firing", firing);
}
