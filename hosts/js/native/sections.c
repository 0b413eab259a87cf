/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A call of a JavaScript function as one section.
 *
 * A killed call unwinds to here; JavaScript cannot catch that. Then
 * wasmsig_budget_leave undoes the kill in the engine, and the call returns the
 * mark KILLED, for which lib/ throws. If an outer section is the one that is
 * killed, nothing is undone and the unwinding goes on.
 *
 * An asynchronous section is entered by one call and left by another, from
 * async_hooks. A kill cannot end there: the engine treats it like a function of
 * the host. If its leave never comes because a kill unwound it, it is left with
 * the section around it.
 */
#include "addon.h"
#include "engine.h"
#include "held_budgets.h"
#include "movable_memories.h"
#include "named_use.h"
#include "realm.h"
#include "stack.h"

#include <stdlib.h>

#define FIXED_ARGUMENTS 3 /* the budget, the function, its `this` */
#define USUAL_ARGUMENTS (FIXED_ARGUMENTS + 13)

/* Entered by enterAsync, and not left yet. */
struct async_section {
  struct section section;
  struct held_budget *held;
  double id;
  napi_ref budget; /* keeps it alive as long as it is entered */
  bool is_traced;  /* as a slice of the trace */
};

/* wasmsig_budget_leave, and the end of the section in the trace. */
static int leave(struct engine *engine, wasmsig_budget *budget,
                 const struct killing *killing, bool is_traced) {
  if (!wsig_trace_is_on()) return wasmsig_budget_leave(budget);
  int signal = killing->options->signal;
  tracing_leave_section(&engine->traced, budget, signal);
  int outcome = wasmsig_budget_leave(budget);
  tracing_end_section(is_traced, &engine->traced, signal, budget, outcome);
  return outcome;
}

/* ------------------------------------------------------------ asynchronous */

static struct async_section *innermost_async(const struct engine *engine) {
  struct section *section = engine->innermost;
  return section && !section->killable ? (struct async_section *)section : NULL;
}

/* Leaves the innermost section, an asynchronous one; whether it was killed. */
static bool end_async(napi_env env, struct realm *realm) {
  struct async_section *async = innermost_async(realm->engine);
  int outcome = leave(realm->engine, &async->held->budget,
                      &async->held->killing, async->is_traced);
  engine_leave(realm->engine, &async->section);
  named_use_add(&async->held->killing, realm->engine->innermost);
  realm->sections--;
  napi_delete_reference(env, async->budget);
  free(async);
  return outcome == WASMSIG_LEFT_KILLED;
}

static void discard_async(napi_env env, struct async_section *async) {
  if (async->budget) napi_delete_reference(env, async->budget);
  free(async);
}

/* enterAsync(budget, id): whether the budget is spent. Where it cannot be
 * entered for another reason (no memory), the work goes on uncharged: nothing
 * could catch an error of a hook. */
static napi_value enter_async(napi_env env, napi_callback_info info) {
  napi_value given[2];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 2);
  struct async_section *async = calloc(1, sizeof *async);
  if (!async) return NULL;
  async->held = held_budget_of(env, given[0]);
  async->id = number_of(env, given[1]);
  int error = WASMSIG_ENOMEM;
  if (napi_create_reference(env, given[0], 1, &async->budget) == napi_ok)
    error = wasmsig_budget_enter(&async->held->budget);
  if (error) {
    if (error == WASMSIG_ESPENT) named_use_add_kill(&async->held->killing);
    discard_async(env, async);
  } else {
    realm->sections++;
    async->is_traced = tracing_begin_section(&async->held->options);
    engine_enter(realm->engine, &async->section, &async->held->killing, false);
  }
  return make_bool(env, error == WASMSIG_ESPENT);
}

/* leaveAsync(id): leaves that section if it is the innermost one; whether it
 * was killed. */
static napi_value leave_async(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  const struct async_section *async = innermost_async(realm->engine);
  bool is_it = async && async->id == number_of(env, given[0]);
  return make_bool(env, is_it && end_async(env, realm));
}

/* ------------------------------------------------------------- synchronous */

/* Whether the host is ending the environment (worker.terminate), by a kill of
 * its own that an undo of ours has cancelled. It forbids calls into JavaScript
 * first, and each such function of Node-API checks that. */
static bool is_ending(napi_env env, napi_value object) {
  bool ignored;
  return napi_has_named_property(env, object, "ending", &ignored) != napi_ok;
}

static napi_value killed(napi_env env, struct realm *realm,
                         const wasmsig_budget *budget) {
  napi_value mark = NULL, ignored;
  bool pending = false;
  realm->last_used_ns = wasmsig_budget_used_ns(budget);
  realm->last_limit = (int)wasmsig_budget_get_limit(budget);
  napi_is_exception_pending(env, &pending);
  if (pending) napi_get_and_clear_last_exception(env, &ignored);
  napi_get_reference_value(env, realm->killed, &mark);
  if (engine_can_kill() && is_ending(env, mark)) {
    engine_terminate_again(realm->engine);
    return NULL;
  }
  return mark;
}

static napi_value call_in_section(napi_env env, wasmsig_budget *budget,
                                  struct killing *killing, size_t count,
                                  napi_value *given) {
  struct realm *realm = realm_of(env);
  struct engine *engine = realm->engine;
  struct section section = {0};
  napi_value result = NULL;
  int error = wasmsig_budget_enter(budget);
  if (error == WASMSIG_ESPENT) {
    named_use_add_kill(killing);
    return killed(env, realm, budget);
  }
  if (error) return throw_code(env, error);
  bool is_traced = tracing_begin_section(killing->options);
  realm->sections++;
  engine_enter(engine, &section, killing, true);
  movable_memories_sync(env, realm);
  napi_status status =
      napi_call_function(env, given[2], given[1], count - FIXED_ARGUMENTS,
                         given + FIXED_ARGUMENTS, &result);
  while (engine->innermost != &section) end_async(env, realm);
  bool was_unwound = engine_leave(engine, &section);
  int outcome = leave(engine, budget, killing, is_traced);
  named_use_add(killing, engine->innermost);
  movable_memories_sync(env, realm);
  realm->sections--;
  if (was_unwound || outcome == WASMSIG_LEFT_KILLED) {
    result = killed(env, realm, budget);
    if (was_unwound && result)
      realm->left_async_ids = engine_repair(engine, &section);
    return result;
  }
  return status == napi_ok ? result : NULL;
}

/* leftAsyncIds(): whether the last kill left async ids on Node's stack of them;
 * once. */
static napi_value left_async_ids(napi_env env, napi_callback_info info) {
  (void)info;
  struct realm *realm = realm_of(env);
  napi_value left = make_bool(env, realm->left_async_ids);
  realm->left_async_ids = false;
  return left;
}

typedef napi_value section_call(napi_env env, size_t count, napi_value *given);

/* Fetches the arguments, however many, and passes them to `call`. */
static napi_value with_arguments(napi_env env, napi_callback_info info,
                                 section_call *call) {
  napi_value usual[USUAL_ARGUMENTS];
  size_t count = arguments(env, info, usual, USUAL_ARGUMENTS);
  if (count <= USUAL_ARGUMENTS) return call(env, count, usual);
  napi_value *many = malloc(count * sizeof *many);
  if (!many) return throw_code(env, WASMSIG_ENOMEM);
  count = arguments(env, info, many, count);
  napi_value result = call(env, count, many);
  free(many);
  return result;
}

static napi_value call_in_budget(napi_env env, size_t count,
                                 napi_value *given) {
  struct held_budget *held = held_budget_of(env, given[0]);
  return call_in_section(env, &held->budget, &held->killing, count, given);
}

/* run(budget, function, this, ...arguments): what it returns, or KILLED. */
static napi_value run(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, call_in_budget);
}

static napi_value call_in_fresh_budget(napi_env env, size_t count,
                                       napi_value *given) {
  struct held_budget *pattern = held_budget_of(env, given[0]);
  struct fresh_budget fresh = {.outer = pattern->fresh};
  wasmsig_budget_options options = pattern->options;
  struct killing killing = pattern->killing;
  killing.budget = &fresh.budget;
  options.context = &killing;
  int error = wasmsig_budget_init(&fresh.budget, &options);
  if (error) return throw_code(env, error);
  if (pattern->is_pattern_killed) wasmsig_budget_kill(&fresh.budget);
  pattern->fresh = &fresh;
  napi_value result =
      call_in_section(env, &fresh.budget, &killing, count, given);
  pattern->fresh = fresh.outer;
  wasmsig_budget_destroy(&fresh.budget);
  return result;
}

/* limit(pattern, function, this, ...arguments): run() in a fresh budget. */
static napi_value limit(napi_env env, napi_callback_info info) {
  return with_arguments(env, info, call_in_fresh_budget);
}

/* ------------------------------------------------------------------- scripts
 */

/* noteSectionScript(): each function of the calling script begins a section,
 * and no function of another one does. */
static napi_value note_section_script(napi_env env, napi_callback_info info) {
  (void)info;
  struct engine *engine = realm_of(env)->engine;
  if (engine->isolate) stack_note_section_script(engine);
  return NULL;
}

/* setScriptLister(function()): it answers the names of the scripts of the
 * frames on the stack, an array, from the innermost one on. */
static napi_value set_script_lister(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct engine *engine = realm_of(env)->engine;
  arguments(env, info, given, 1);
  napi_create_reference(env, given[0], 1, &engine->scripts.list_names);
  return NULL;
}

/* callersScript(): a number for the calling script; 0 where the host does not
 * show it. */
static napi_value callers_script(napi_env env, napi_callback_info info) {
  (void)info;
  const struct engine *engine = realm_of(env)->engine;
  return make_number(
      env, engine->isolate ? stack_innermost_script(engine->isolate) : 0);
}

/* unsafeStats(into): `waited` and `overdue` as properties of `into`. */
static napi_value unsafe_stats(napi_env env, napi_callback_info info) {
  napi_value into[1];
  const struct engine *engine = realm_of(env)->engine;
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
  define(env, exports, "leftAsyncIds", left_async_ids);
  define(env, exports, "enterAsync", enter_async);
  define(env, exports, "leaveAsync", leave_async);
  define(env, exports, "unsafeStats", unsafe_stats);
  define(env, exports, "setScriptLister", set_script_lister);
  define(env, exports, "noteSectionScript", note_section_script);
  define(env, exports, "callersScript", callers_script);
}
