/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU budgets: how they are made, read and reset. */
#include "addon.h"
#include "engine.h"
#include "held_budgets.h"
#include "instances.h"
#include "movable_memories.h"
#include "realm.h"

#include <stdlib.h>

/* given: softNs, hardNs, signal, onUnsafe, graceNs. */
static void set_limits(napi_env env, wasmsig_budget_options *options,
                       napi_value *given) {
  double soft_ns = number_of(env, given[0]), hard_ns = number_of(env, given[1]);
  options->soft_ns = soft_ns < 0 ? WASMSIG_NO_LIMIT : (uint64_t)soft_ns;
  options->hard_ns = hard_ns < 0 ? WASMSIG_NO_LIMIT : (uint64_t)hard_ns;
  options->signal = (int)number_of(env, given[2]);
  options->measure = soft_ns < 0 && hard_ns < 0; /* lib/ has checked */
}

static void set_policy(napi_env env, struct killing *killing,
                       napi_value *given) {
  killing->on_unsafe = (enum on_unsafe)number_of(env, given[3]);
  killing->grace_ns = (uint64_t)number_of(env, given[4]);
}

/* Without limits yet. */
static void set_options(struct held_budget *held, const struct realm *realm) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.registry = realm->registry;
  options.kill = engine_kill;
  options.undo = engine_undo;
  options.context = &held->killing;
  held->options = options;
  held->killing = (struct killing){.engine = realm->engine,
                                   .budget = &held->budget,
                                   .options = &held->options};
}

static struct held_budget *new_budget(napi_env env, struct realm *realm,
                                      napi_value ids) {
  uint32_t count = 0;
  bool named = false;
  napi_is_array(env, ids, &named);
  if (named) napi_get_array_length(env, ids, &count);
  struct held_budget *held =
      calloc(1, sizeof *held + count * sizeof held->named[0]);
  if (!held) return NULL;
  set_options(held, realm);
  held->options.instances = named ? held->named : NULL;
  held->options.count = count;
  for (uint32_t i = 0; i < count; i++) {
    napi_value id = NULL;
    napi_get_element(env, ids, i, &id);
    held->named[i] = instance_handle(realm, number_of(env, id));
  }
  return held;
}

/* create(softNs, hardNs, signal, onUnsafe, graceNs, ids): a budget. Limits
 * below 0 are absent; `ids` is an array, or undefined for the whole realm. */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value given[6], external = NULL;
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 6);
  struct held_budget *held = new_budget(env, realm, given[5]);
  if (!held) return throw_code(env, WASMSIG_ENOMEM);
  set_limits(env, &held->options, given);
  set_policy(env, &held->killing, given);
  int error = wasmsig_budget_init(&held->budget, &held->options);
  if (!error && !(external = held_budgets_add(env, realm, held)))
    error = WASMSIG_ENOMEM;
  if (!error) return external;
  free(held);
  return throw_code(env, error);
}

/* used(budget): its CPU time, ns. */
static napi_value used(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  const struct held_budget *held = held_budget_of(env, given[0]);
  return make_number(env, (double)wasmsig_budget_used_ns(&held->budget));
}

/* lastUsed(): CPU time of the budget that was killed last, ns. */
static napi_value last_used(napi_env env, napi_callback_info info) {
  (void)info;
  return make_number(env, (double)realm_of(env)->last_used_ns);
}

/* state(budget): a wasmsig_budget_state. */
static napi_value state(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  const struct held_budget *held = held_budget_of(env, given[0]);
  return make_number(env, wasmsig_budget_get_state(&held->budget));
}

/* reset(budget, softNs, hardNs, signal, onUnsafe, graceNs): throws
 * ERR_WASMSIG_BUSY. */
static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value given[6];
  arguments(env, info, given, 6);
  struct held_budget *held = held_budget_of(env, given[0]);
  wasmsig_budget_options options = held->options;
  set_limits(env, &options, given + 1);
  int error = wasmsig_budget_reset(&held->budget, &options);
  if (error) return throw_code(env, error);
  held->options = options;
  set_policy(env, &held->killing, given + 1);
  movable_memories_sync(env, held->realm);
  return NULL;
}

void define_budgets(napi_env env, napi_value exports) {
  define(env, exports, "create", create);
  define(env, exports, "used", used);
  define(env, exports, "lastUsed", last_used);
  define(env, exports, "state", state);
  define(env, exports, "reset", reset);
}
