/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Raise, clear and terminate: for one instance, for those of a thread, or for
 * those of the process. */
#include "addon.h"
#include "engine.h"
#include "instances.h"
#include "movable_memories.h"
#include "realm.h"

/* Signals for MOVABLE memories of this environment are written at once: the
 * program runs here, so none of its guests does. */
static napi_value counted(napi_env env, int64_t count) {
  movable_memories_sync(env, realm_of(env));
  return make_number(env, count < 0 ? 0 : (double)count);
}

static napi_value raised(napi_env env, struct traced_guests *guests, int signal,
                         int64_t count) {
  if (count > 0) tracing_raised(guests, signal, "a call of raise");
  return counted(env, count);
}

/* raiseInstance(signal, id), raiseRealm(signal), raiseProcess(signal): how
 * many instances received it. An id that is no longer one counts 0. */

static napi_value raise_instance(napi_env env, napi_callback_info info) {
  napi_value given[2];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 2);
  int signal = (int)number_of(env, given[0]);
  wasmsig_instance instance = instance_handle(realm, number_of(env, given[1]));
  return raised(env, &realm->engine->traced, signal,
                wasmsig_instance_raise(realm->registry, instance, signal));
}

static napi_value raise_realm(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  int signal = (int)number_of(env, given[0]);
  return raised(env, &realm->engine->traced, signal,
                wasmsig_registry_raise(realm->registry, signal));
}

static napi_value raise_process(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  int signal = (int)number_of(env, given[0]);
  return raised(env, NULL, signal, wasmsig_process_raise(signal));
}

/* clearInstance(id), clearRealm(), clearProcess(): how many had a signal. */
static napi_value clear_instance(napi_env env, napi_callback_info info) {
  napi_value given[1];
  const struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  return counted(env, wasmsig_instance_clear(
                          realm->registry,
                          instance_handle(realm, number_of(env, given[0])), 0));
}

static napi_value clear_realm(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_registry_clear(realm_of(env)->registry, 0));
}

static napi_value clear_process(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_process_clear(0));
}

/* terminateInstance(id), terminateRealm(), terminateProcess(): how many have a
 * terminated word. */
static napi_value terminate_instance(napi_env env, napi_callback_info info) {
  napi_value given[1];
  const struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  return counted(env, wasmsig_instance_terminate(
                          realm->registry,
                          instance_handle(realm, number_of(env, given[0]))));
}

static napi_value terminate_realm(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_registry_terminate(realm_of(env)->registry));
}

static napi_value terminate_process(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_process_terminate());
}

void define_targets(napi_env env, napi_value exports) {
  define(env, exports, "raiseInstance", raise_instance);
  define(env, exports, "raiseRealm", raise_realm);
  define(env, exports, "raiseProcess", raise_process);
  define(env, exports, "clearInstance", clear_instance);
  define(env, exports, "clearRealm", clear_realm);
  define(env, exports, "clearProcess", clear_process);
  define(env, exports, "terminateInstance", terminate_instance);
  define(env, exports, "terminateRealm", terminate_realm);
  define(env, exports, "terminateProcess", terminate_process);
}
