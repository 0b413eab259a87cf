/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A call of a JavaScript function as one section.
 *
 * A killed call unwinds, uncatchable for JavaScript, until it comes back here.
 * wasmsig_budget_leave then undoes the kill in the engine, and the mark KILLED
 * is returned, for which lib/ throws. If an outer section is the one that is
 * being killed, nothing is undone and the unwinding goes on.
 *
 * An asynchronous section is entered by one call and left by another, from
 * async_hooks. A kill cannot end there: engine.c treats it like a function of
 * the host. One whose leave never came, as a kill went through it, is left with
 * the section around it.
 */
#include "budgets.h"

#include <stdlib.h>

#define FIXED_ARGUMENTS 3 /* the box, the function, its `this` */
#define USUAL_ARGUMENTS (FIXED_ARGUMENTS + 13)

/* Entered by enterAsync, and not left yet. */
struct async_section {
  struct running running;
  struct box *box;
  double id;
  napi_ref budget; /* stays as long as it is entered */
};

/* ------------------------------------------------------------ asynchronous */

static struct async_section *innermost_async(const struct engine *engine) {
  struct running *running = engine->innermost;
  return running && !running->killable ? (struct async_section *)running : NULL;
}

/* Leaves the innermost section, an asynchronous one; whether it was killed. */
static bool end_async(napi_env env, struct realm_state *state) {
  struct async_section *section = innermost_async(state->engine);
  int outcome = wasmsig_budget_leave(&section->box->budget);
  engine_leave(state->engine, &section->running);
  state->sections--;
  napi_delete_reference(env, section->budget);
  free(section);
  return outcome == WASMSIG_LEFT_KILLED;
}

/* enterAsync(budget, id): whether the budget is spent. Where it cannot be
 * entered for another reason (no memory), the work goes on uncharged: nobody
 * could catch an error of a hook. */
static napi_value enter_async(napi_env env, napi_callback_info info) {
  napi_value given[2], spent = NULL;
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 2);
  struct async_section *section = calloc(1, sizeof *section);
  if (!section) return NULL;
  section->box = box_of(env, given[0]);
  section->id = number_of(env, given[1]);
  int error = WASMSIG_ENOMEM;
  if (napi_create_reference(env, given[0], 1, &section->budget) == napi_ok)
    error = wasmsig_budget_enter(&section->box->budget);
  if (!error) {
    state->sections++;
    engine_enter(state->engine, &section->running, &section->box->killing,
                 false);
  } else {
    if (section->budget) napi_delete_reference(env, section->budget);
    free(section);
  }
  napi_get_boolean(env, error == WASMSIG_ESPENT, &spent);
  return spent;
}

/* leaveAsync(id): leaves the innermost section if that is it; whether that was
 * killed. */
static napi_value leave_async(napi_env env, napi_callback_info info) {
  napi_value given[1], killed = NULL;
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 1);
  const struct async_section *section = innermost_async(state->engine);
  bool is_it = section && section->id == number_of(env, given[0]);
  napi_get_boolean(env, is_it && end_async(env, state), &killed);
  return killed;
}

/* ------------------------------------------------------------- synchronous */

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
    engine_terminate_again(state->engine);
    return NULL;
  }
  return mark;
}

static napi_value call_in_section(napi_env env, wasmsig_budget *budget,
                                  struct killing *killing, size_t count,
                                  napi_value *given) {
  struct realm_state *state = realm_state_of(env);
  struct engine *engine = state->engine;
  struct running section = {0};
  napi_value result = NULL;
  int error = wasmsig_budget_enter(budget);
  if (error == WASMSIG_ESPENT) return killed(env, state, budget);
  if (error) return throw_code(env, error);
  state->sections++;
  engine_enter(engine, &section, killing, true);
  instances_sync(env, state);
  napi_status status =
      napi_call_function(env, given[2], given[1], count - FIXED_ARGUMENTS,
                         given + FIXED_ARGUMENTS, &result);
  while (engine->innermost != &section) end_async(env, state);
  bool was_cut = engine_leave(engine, &section);
  int outcome = wasmsig_budget_leave(budget);
  instances_sync(env, state);
  state->sections--;
  if (was_cut || outcome == WASMSIG_LEFT_KILLED) {
    result = killed(env, state, budget);
    if (was_cut && result) state->is_torn = engine_mend(engine, &section);
    return result;
  }
  return status == napi_ok ? result : NULL;
}

/* isTorn(): whether the call that was killed last left async ids behind. */
static napi_value is_torn(napi_env env, napi_callback_info info) {
  (void)info;
  struct realm_state *state = realm_state_of(env);
  napi_value torn = NULL;
  napi_get_boolean(env, state->is_torn, &torn);
  state->is_torn = false;
  return torn;
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
  struct box *box = box_of(env, given[0]);
  return call_in_section(env, &box->budget, &box->killing, count, given);
}

/* run(budget, function, this, ...arguments): what it returns, or KILLED. */
static napi_value run(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, run_section);
}

static napi_value limit_section(napi_env env, size_t count, napi_value *given) {
  const struct box *pattern = box_of(env, given[0]);
  wasmsig_budget budget;
  wasmsig_budget_options options = pattern->options;
  struct killing killing = pattern->killing;
  killing.budget = &budget;
  options.context = &killing;
  int error = wasmsig_budget_init(&budget, &options);
  if (error) return throw_code(env, error);
  napi_value result = call_in_section(env, &budget, &killing, count, given);
  wasmsig_budget_destroy(&budget);
  return result;
}

/* limit(pattern, function, this, ...arguments): run in a fresh budget. */
static napi_value limit(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, limit_section);
}

/* noteSections(): the script that calls this is the one whose functions, each
 * of them, begin a section. */
static napi_value note_sections(napi_env env, napi_callback_info info) {
  (void)info;
  struct engine *engine = realm_state_of(env)->engine;
  if (engine->isolate) stack_note_sections(engine);
  return NULL;
}

/* lookWith(function()): what answers the names of the scripts of the frames
 * on the stack, an array, from the innermost one on. */
static napi_value look_with(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct engine *engine = realm_state_of(env)->engine;
  arguments(env, info, given, 1);
  napi_create_reference(env, given[0], 1, &engine->looker);
  return NULL;
}

/* callersScript(): a number for the script that calls this; 0 where the host
 * does not tell. */
static napi_value callers_script(napi_env env, napi_callback_info info) {
  (void)info;
  const struct engine *engine = realm_state_of(env)->engine;
  return make_number(
      env, engine->isolate ? stack_innermost_script(engine->isolate) : 0);
}

/* unsafe(into): `waited` and `overdue` as properties of `into`. */
static napi_value count_unsafe(napi_env env, napi_callback_info info) {
  napi_value into[1];
  const struct engine *engine = realm_state_of(env)->engine;
  arguments(env, info, into, 1);
  napi_set_named_property(env, into[0], "waited",
                          make_number(env, (double)engine->waited));
  napi_set_named_property(env, into[0], "overdue",
                          make_number(env, (double)engine->overdue));
  return into[0];
}

void define_sections(napi_env env, napi_value exports) {
  define(env, exports, "run", run);
  define(env, exports, "limit", limit);
  define(env, exports, "isTorn", is_torn);
  define(env, exports, "enterAsync", enter_async);
  define(env, exports, "leaveAsync", leave_async);
  define(env, exports, "unsafe", count_unsafe);
  define(env, exports, "lookWith", look_with);
  define(env, exports, "noteSections", note_sections);
  define(env, exports, "callersScript", callers_script);
}
