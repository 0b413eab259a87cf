/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU budgets: how they are made, read and reset. */
#include "addon.h"
#include "budget_ids.h"
#include "engine.h"
#include "held_budgets.h"
#include "instances.h"
#include "movable_memories.h"
#include "named_use.h"
#include "realm.h"

#include <stdlib.h>
#include <string.h>

/* Below 0: absent. */
static uint64_t limit_of(napi_env env, napi_value ns) {
  double number = number_of(env, ns);
  return number < 0 ? WASMSIG_NO_LIMIT : (uint64_t)number;
}

/* The number of arguments that are limits. */
#define LIMITS 7

/* given: softNs, hardNs, wallNs, signal, onUnsafe, graceNs, name. */
static void set_limits(napi_env env, wasmsig_budget_options *options,
                       napi_value *given) {
  options->soft_ns = limit_of(env, given[0]);
  options->hard_ns = limit_of(env, given[1]);
  options->wall_ns = limit_of(env, given[2]);
  options->signal = (int)number_of(env, given[3]);
  options->measure = true; /* lib/ has checked that there is a limit */
}

static void set_policy(napi_env env, struct killing *killing,
                       napi_value *given) {
  killing->on_unsafe = (enum on_unsafe)number_of(env, given[4]);
  killing->grace_ns = (uint64_t)number_of(env, given[5]);
}

/* Sets `to` for the name; leaves it if none is given. False: no memory. */
static bool find_name(napi_env env, napi_value *given, struct named_use **to) {
  char name[MOST_NAME_BYTES + 1];
  text_of(env, given[6], name, sizeof name);
  if (name[0]) *to = named_use_of(name, strlen(name));
  return !name[0] || *to;
}

/* Without limits yet. */
static void set_options(struct held_budget *held, const struct realm *realm) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.registry = realm->registry;
  options.kill = engine_kill;
  options.undo = engine_undo;
  options.context = &held->killing;
  if (wsig_trace_is_on()) options.raise = tracing_soft_limit;
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

/* create(softNs, hardNs, wallNs, signal, onUnsafe, graceNs, name, ids): a
 * budget. Limits below 0 are absent; `name` is a string, or undefined; `ids` is
 * an array, or undefined for the whole realm. */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value given[LIMITS + 1], external = NULL;
  struct realm *realm = realm_of(env);
  arguments(env, info, given, LIMITS + 1);
  struct held_budget *held = new_budget(env, realm, given[LIMITS]);
  if (!held) return throw_code(env, WASMSIG_ENOMEM);
  set_limits(env, &held->options, given);
  set_policy(env, &held->killing, given);
  int error = wasmsig_budget_init(&held->budget, &held->options);
  if (!error && (!find_name(env, given, &held->killing.charge.to) ||
                 !(external = held_budgets_add(env, realm, held))))
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

/* limitOf(budget): what has ended it, a wasmsig_limit. */
static napi_value limit_that_ended(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  const struct held_budget *held = held_budget_of(env, given[0]);
  return make_number(env, wasmsig_budget_get_limit(&held->budget));
}

/* lastLimit(): of the budget that was killed last. */
static napi_value last_limit(napi_env env, napi_callback_info info) {
  (void)info;
  return make_number(env, realm_of(env)->last_limit);
}

/* kill(budget): and, if it is a pattern, all calls that it limits. */
static napi_value kill_held(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  struct held_budget *held = held_budget_of(env, given[0]);
  int error = wasmsig_budget_kill(&held->budget);
  held->is_pattern_killed = true;
  for (struct fresh_budget *at = held->fresh; at; at = at->outer)
    wasmsig_budget_kill(&at->budget);
  return error ? throw_code(env, error) : NULL;
}

/* idOf(budget): a number for killById, in any thread of the process. */
static napi_value id_of(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  double id = budget_id_of(held_budget_of(env, given[0]));
  return id == 0 ? throw_code(env, WASMSIG_ENOMEM) : make_number(env, id);
}

/* killById(id): whether there is such a budget. */
static napi_value kill_by_id(napi_env env, napi_callback_info info) {
  napi_value given[1];
  int error = WASMSIG_OK;
  arguments(env, info, given, 1);
  bool found = budget_id_kill(number_of(env, given[0]), &error);
  return error ? throw_code(env, error) : make_bool(env, found);
}

/* isSpent(budget): whether it has ended, by time that has passed as well. */
static napi_value is_spent(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  struct held_budget *held = held_budget_of(env, given[0]);
  int error = wasmsig_budget_enter(&held->budget);
  if (!error) error = wasmsig_budget_leave(&held->budget);
  named_use_add_kill(&held->killing);
  return make_bool(env,
                   error == WASMSIG_ESPENT || error == WASMSIG_LEFT_KILLED);
}

/* reset(budget, softNs, hardNs, wallNs, signal, onUnsafe, graceNs, name):
 * throws ERR_WASMSIG_BUSY. */
static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value given[1 + LIMITS];
  arguments(env, info, given, 1 + LIMITS);
  struct held_budget *held = held_budget_of(env, given[0]);
  wasmsig_budget_options options = held->options;
  struct named_use *to = held->killing.charge.to;
  set_limits(env, &options, given + 1);
  if (!find_name(env, given + 1, &to)) return throw_code(env, WASMSIG_ENOMEM);
  int error = budget_id_reset(held, &options);
  if (error) return throw_code(env, error);
  held->options = options;
  set_policy(env, &held->killing, given + 1);
  held->killing.charge = (struct charge){.to = to};
  movable_memories_sync(env, held->realm);
  return NULL;
}

void define_budgets(napi_env env, napi_value exports) {
  define(env, exports, "create", create);
  define(env, exports, "used", used);
  define(env, exports, "lastUsed", last_used);
  define(env, exports, "state", state);
  define(env, exports, "limitOf", limit_that_ended);
  define(env, exports, "lastLimit", last_limit);
  define(env, exports, "kill", kill_held);
  define(env, exports, "idOf", id_of);
  define(env, exports, "killById", kill_by_id);
  define(env, exports, "isSpent", is_spent);
  define(env, exports, "reset", reset);
}
