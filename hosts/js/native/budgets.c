/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * CPU budgets: a call of a JavaScript function as one section.
 *
 * A killed call unwinds, uncatchable for JavaScript, until it comes back here.
 * wasmsig_budget_leave then undoes the kill in the engine, and the mark KILLED
 * is returned, for which lib/ throws. If an outer section is the one that is
 * being killed, nothing is undone and the unwinding goes on.
 */
#include "addon.h"

#include <pthread.h>
#include <stdlib.h>

/* A budget that JavaScript holds, or the pattern of limitCpu's. */
struct box {
  wasmsig_budget budget;
  wasmsig_budget_options options;
  struct realm_state *state;
  wasmsig_instance named[]; /* options.count of them */
};

#define FIXED_ARGUMENTS 3 /* the box, the function, its `this` */
#define USUAL_ARGUMENTS (FIXED_ARGUMENTS + 13)

static struct box *box_of(napi_env env, napi_value value) {
  void *box = NULL;
  napi_get_value_external(env, value, &box);
  return box;
}

static void free_box(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct box *box = data;
  struct realm_state *state = box->state;
  /* Still entered: process.exit inside a section. The watchdog may look. */
  if (wasmsig_budget_destroy(&box->budget) == WASMSIG_EBUSY) return;
  free(box);
  realm_state_release(state);
}

static void set_limits(wasmsig_budget_options *options, double soft_ns,
                       double hard_ns, double signal) {
  options->soft_ns = soft_ns < 0 ? WASMSIG_NO_LIMIT : (uint64_t)soft_ns;
  options->hard_ns = hard_ns < 0 ? WASMSIG_NO_LIMIT : (uint64_t)hard_ns;
  options->signal = (int)signal;
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
  box->options.context = state->engine;
  box->options.instances = named ? box->named : NULL;
  box->options.count = count;
  for (uint32_t i = 0; i < count; i++) {
    napi_value id = NULL;
    napi_get_element(env, ids, i, &id);
    box->named[i] = instance_handle(state, number_of(env, id));
  }
  return box;
}

/* create(softNs, hardNs, signal, ids): a budget. Limits below 0 are absent;
 * `ids` is an array, or undefined for the whole realm. */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value given[4], external = NULL;
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 4);
  struct box *box = new_box(env, state, given[3]);
  if (!box) return throw_code(env, WASMSIG_ENOMEM);
  set_limits(&box->options, number_of(env, given[0]), number_of(env, given[1]),
             number_of(env, given[2]));
  int error = wasmsig_budget_init(&box->budget, &box->options);
  if (!error &&
      napi_create_external(env, box, free_box, NULL, &external) != napi_ok)
    error = WASMSIG_ENOMEM;
  if (error) {
    free(box);
    return throw_code(env, error);
  }
  box->state = realm_state_use(state);
  return external;
}

/* ------------------------------------------------------------- sections */

/* Whether JavaScript may still run here. The host may be ending the environment
 * (worker.terminate) by a kill of its own, which an undo of ours takes back;
 * it forbids calls into JavaScript first, which every such function checks. */
static bool is_ending(napi_env env, napi_value object) {
  bool ignored;
  return napi_has_named_property(env, object, "ending", &ignored) != napi_ok;
}

static napi_value killed(napi_env env, struct realm_state *state,
                         const wasmsig_budget *budget) {
  napi_value mark = NULL, ignored;
  bool pending = false;
  state->last_used_ns = wasmsig_budget_used_ns(budget);
  napi_is_exception_pending(env, &pending);
  if (pending) napi_get_and_clear_last_exception(env, &ignored);
  napi_get_reference_value(env, state->killed, &mark);
  if (engine_can_kill() && is_ending(env, mark)) {
    engine_kill(state->engine); /* the host's, put back */
    return NULL;
  }
  return mark;
}

static napi_value call_in_section(napi_env env, wasmsig_budget *budget,
                                  size_t count, napi_value *given) {
  struct realm_state *state = realm_state_of(env);
  napi_value result = NULL;
  int error = wasmsig_budget_enter(budget);
  if (error == WASMSIG_ESPENT) return killed(env, state, budget);
  if (error) return throw_code(env, error);
  state->sections++;
  napi_status status =
      napi_call_function(env, given[2], given[1], count - FIXED_ARGUMENTS,
                         given + FIXED_ARGUMENTS, &result);
  int outcome = wasmsig_budget_leave(budget);
  state->sections--;
  if (outcome == WASMSIG_LEFT_KILLED) return killed(env, state, budget);
  return status == napi_ok ? result : NULL;
}

typedef napi_value (*section)(napi_env env, size_t count, napi_value *given);

/* Fetches the arguments, however many, and goes on to `what`. */
static napi_value with_arguments(napi_env env, napi_callback_info info,
                                 section what) {
  napi_value usual[USUAL_ARGUMENTS];
  size_t count = arguments(env, info, usual, USUAL_ARGUMENTS);
  if (count <= USUAL_ARGUMENTS) return what(env, count, usual);
  napi_value *many = malloc(count * sizeof *many);
  if (!many) return throw_code(env, WASMSIG_ENOMEM);
  count = arguments(env, info, many, count);
  napi_value result = what(env, count, many);
  free(many);
  return result;
}

static napi_value run_section(napi_env env, size_t count, napi_value *given) {
  return call_in_section(env, &box_of(env, given[0])->budget, count, given);
}

/* run(budget, function, this, ...arguments): what it returns, or KILLED. */
static napi_value run(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, run_section);
}

static napi_value limit_section(napi_env env, size_t count, napi_value *given) {
  wasmsig_budget budget;
  int error = wasmsig_budget_init(&budget, &box_of(env, given[0])->options);
  if (error) return throw_code(env, error);
  napi_value result = call_in_section(env, &budget, count, given);
  wasmsig_budget_reset(&budget, NULL); /* takes its signal back */
  wasmsig_budget_destroy(&budget);
  return result;
}

/* limit(pattern, function, this, ...arguments): run in a fresh budget. */
static napi_value limit(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, limit_section);
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

/* reset(budget, softNs, hardNs, signal): throws ERR_WASMSIG_BUSY. */
static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value given[4];
  arguments(env, info, given, 4);
  struct box *box = box_of(env, given[0]);
  wasmsig_budget_options options = box->options;
  set_limits(&options, number_of(env, given[1]), number_of(env, given[2]),
             number_of(env, given[3]));
  int error = wasmsig_budget_reset(&box->budget, &options);
  if (error) return throw_code(env, error);
  box->options = options;
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
  define(env, exports, "run", run);
  define(env, exports, "limit", limit);
  define(env, exports, "used", used);
  define(env, exports, "lastUsed", last_used);
  define(env, exports, "state", state_of);
  define(env, exports, "reset", reset);
  define(env, exports, "setFiring", set_firing);
  define(env, exports, "beginFiring", begin_firing);
  define(env, exports, "firing", firing);
}
