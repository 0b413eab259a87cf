/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU budgets: made, asked, given new limits; and who notices a limit. */
#include "budgets.h"

#include <pthread.h>
#include <stdlib.h>

struct box *box_of(napi_env env, napi_value value) {
  void *box = NULL;
  napi_get_value_external(env, value, &box);
  return box;
}

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

static struct box *new_box(napi_env env, struct realm_state *state,
                           napi_value ids) {
  uint32_t count = 0;
  bool named = false;
  napi_is_array(env, ids, &named);
  if (named) napi_get_array_length(env, ids, &count);
  struct box *box = calloc(1, sizeof *box + count * sizeof box->named[0]);
  if (!box) return NULL;
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  box->options = options;
  box->options.registry = state->registry;
  box->options.kill = engine_kill;
  box->options.undo = engine_undo;
  box->options.context = &box->killing;
  box->killing = (struct killing){.engine = state->engine,
                                  .budget = &box->budget,
                                  .options = &box->options};
  box->options.instances = named ? box->named : NULL;
  box->options.count = count;
  for (uint32_t i = 0; i < count; i++) {
    napi_value id = NULL;
    napi_get_element(env, ids, i, &id);
    box->named[i] = instance_handle(state, number_of(env, id));
  }
  return box;
}

/* create(softNs, hardNs, signal, onUnsafe, graceNs, ids): a budget. Limits
 * below 0 are absent; `ids` is an array, or undefined for the whole realm. */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value given[6], external = NULL;
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 6);
  struct box *box = new_box(env, state, given[5]);
  if (!box) return throw_code(env, WASMSIG_ENOMEM);
  set_limits(env, &box->options, given);
  set_policy(env, &box->killing, given);
  int error = wasmsig_budget_init(&box->budget, &box->options);
  if (!error && !(external = boxes_add(env, state, box)))
    error = WASMSIG_ENOMEM;
  if (!error) return external;
  free(box);
  return throw_code(env, error);
}

/* ------------------------------------------------------------- questions */

/* used(budget): CPU ns. lastUsed(): of the call that was killed last. */
static napi_value used(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return make_number(
      env, (double)wasmsig_budget_used_ns(&box_of(env, given[0])->budget));
}

static napi_value last_used(napi_env env, napi_callback_info info) {
  (void)info;
  return make_number(env, (double)realm_state_of(env)->last_used_ns);
}

/* state(budget): a wasmsig_budget_state. */
static napi_value state_of(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return make_number(env,
                     wasmsig_budget_get_state(&box_of(env, given[0])->budget));
}

/* reset(budget, softNs, hardNs, signal, onUnsafe, graceNs): throws
 * ERR_WASMSIG_BUSY. */
static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value given[6];
  arguments(env, info, given, 6);
  struct box *box = box_of(env, given[0]);
  wasmsig_budget_options options = box->options;
  set_limits(env, &options, given + 1);
  int error = wasmsig_budget_reset(&box->budget, &options);
  if (error) return throw_code(env, error);
  box->options = options;
  set_policy(env, &box->killing, given + 1);
  instances_sync(env, box->state);
  return NULL;
}

/* --------------------------------------------------------------- firing */

static int set_firing_to(wasmsig_firing firing) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = firing;
  return wasmsig_set_firing(&options);
}

/* setFiring(firing): for the whole process; throws ERR_WASMSIG_BUSY. */
static napi_value set_firing(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  int error = set_firing_to((wasmsig_firing)number_of(env, given[0]));
  return error ? throw_code(env, error) : NULL;
}

static pthread_once_t begun = PTHREAD_ONCE_INIT;
static wasmsig_firing first_firing;

static void begin_firing_once(void) { set_firing_to(first_firing); }

/* beginFiring(firing): the same where no thread of the process has done it. */
static napi_value begin_firing(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  first_firing = (wasmsig_firing)number_of(env, given[0]);
  pthread_once(&begun, begin_firing_once);
  return NULL;
}

/* firing(): what is in force in this thread, a wasmsig_firing. */
static napi_value firing(napi_env env, napi_callback_info info) {
  (void)info;
  wasmsig_firing_options now = WASMSIG_FIRING_OPTIONS_INIT;
  int error = wasmsig_get_firing(&now);
  return error ? throw_code(env, error) : make_number(env, now.firing);
}

void define_budgets(napi_env env, napi_value exports) {
  define(env, exports, "create", create);
  define(env, exports, "used", used);
  define(env, exports, "lastUsed", last_used);
  define(env, exports, "state", state_of);
  define(env, exports, "reset", reset);
  define(env, exports, "setFiring", set_firing);
  define(env, exports, "beginFiring", begin_firing);
  define(env, exports, "firing", firing);
}
