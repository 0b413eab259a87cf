/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The frames above the sections: may a kill unwind them (frames.c)?
 *
 * lib/section.js holds the functions that begin sections and nothing else, so
 * each of its frames is one section.
 *
 * Where wasm is on top, the frames are those of an error
 * (lib/stack-scripts.js): V8's own list has the functions' names as well, and
 * V8 reads the names of all of a module's functions for that.
 *
 * V8 may have inlined a function of the host into a user's. Its frame is
 * visible while it runs. But a kill that is requested while a user's function
 * is on top takes effect at the next stack check, which may be inside the
 * inlined function: there is no call between. lib/repair-after-kill.js repairs
 * what is known to remain of that.
 */
#include "stack.h"

#include "frames.h"
#include "v8.h"
#include "values.h"

#include <string.h>

#define FIRST_LIMIT 16
#define MOST_FRAMES (1 << 20)

/* Fetches `limit` frames, where fewer were not enough. */
static bool fetch(struct stack *stack, int limit) {
  void *isolate = v8_isolate_get_current();
  stack->limit = limit;
  stack->trace = v8_stack_trace_current(isolate, limit, V8_STACK_TRACE_ALL);
  stack->count =
      stack->trace ? v8_stack_trace_get_frame_count(stack->trace) : 0;
  return stack->at < stack->count;
}

static bool has_frame(struct stack *stack) {
  if (stack->at < stack->count) return true;
  if (stack->limit == 0) return fetch(stack, FIRST_LIMIT);
  if (stack->count < stack->limit || stack->limit == MOST_FRAMES) return false;
  return fetch(stack, MOST_FRAMES);
}

static enum frame_owner owner_by_name(const struct stack *stack) {
  const struct engine *engine = stack->engine;
  napi_value name = NULL;
  napi_get_element(engine->env, stack->names, (uint32_t)stack->at, &name);
  return frame_owner_by_name(&engine->scripts, engine->env, name);
}

static enum frame_owner owner_of_frame(const struct stack *stack,
                                       void *isolate) {
  struct engine *engine = stack->engine;
  if (stack->names) return owner_by_name(stack);
  napi_value frame =
      v8_stack_trace_get_frame(stack->trace, isolate, (uint32_t)stack->at);
  return frame_owner(&engine->scripts, engine->env, frame, stack->at == 0);
}

static bool read_innermost_name(napi_env env, void *isolate, char *name,
                                size_t size) {
  if (!v8_stack_trace_current_script_name) return false;
  text_of(env, v8_stack_trace_current_script_name(isolate), name, size);
  return true;
}

/* Reads no more than it must: the innermost frame, and the next one if a
 * function of the host may be cut there. */
bool stack_is_hosts_on_top(struct engine *engine, void *isolate) {
  struct stack stack = {.engine = engine};
  char script[32];
  if (!read_innermost_name(engine->env, isolate, script, sizeof script) ||
      !script_is_hosts(script) || script_has_unwindable(script))
    return false;
  if (!script_may_be_cut_at_entry(script) || !fetch(&stack, 2)) return true;
  if (owner_of_frame(&stack, isolate) == FRAME_HOSTS) return true;
  stack.at++;
  return stack.at < stack.count &&
         owner_of_frame(&stack, isolate) == FRAME_HOSTS;
}

/* ------------------------------------------------------- names of the scripts
 */

/* After a call of JavaScript that failed. If it met a termination of the host's
 * own (worker.terminate), no function may be called any more, and that
 * termination must go on. */
static void forget_failure(napi_env env) {
  napi_value ignored, global;
  bool answer;
  napi_get_and_clear_last_exception(env, &ignored);
  if (napi_get_global(env, &global) == napi_ok &&
      napi_has_named_property(env, global, "Error", &answer) != napi_ok)
    v8_isolate_terminate_execution(v8_isolate_get_current());
}

/* The names of all frames' scripts by lib/stack-scripts.js, or NULL. It runs
 * JavaScript in an interrupt, as Node does for its inspector. */
static napi_value read_names(const struct engine *engine, uint32_t *count) {
  napi_env env = engine->env;
  napi_value undefined = NULL, names = NULL;
  bool is_array = false;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined,
                         value_of(env, engine->scripts.list_names), 0, NULL,
                         &names) == napi_ok)
    napi_is_array(env, names, &is_array);
  else
    forget_failure(env);
  return is_array && napi_get_array_length(env, names, count) == napi_ok ? names
                                                                         : NULL;
}

/* Whether the names are enough: no frame from the innermost one to the
 * outermost section is the host's. */
static bool are_users(struct stack stack) {
  int left = 0;
  for (const struct section *at = stack.engine->innermost; at; at = at->outer)
    left += at->killable;
  for (; left > 0 && stack.at < stack.count; stack.at++) {
    enum frame_owner owner = owner_by_name(&stack);
    if (owner == FRAME_HOSTS) return false;
    left -= owner == FRAME_SECTION;
  }
  return left == 0;
}

static bool is_wasm_on_top(napi_env env, void *isolate) {
  char script[8];
  return read_innermost_name(env, isolate, script, sizeof script) &&
         strncmp(script, "wasm:", 5) == 0;
}

/* ---------------------------------------------------------------- the walk */

void stack_read(struct stack *stack, struct engine *engine) {
  uint32_t count = 0;
  *stack = (struct stack){.engine = engine};
  if (!engine->scripts.list_names ||
      !is_wasm_on_top(engine->env, v8_isolate_get_current()))
    return;
  stack->names = read_names(engine, &count);
  if (!stack->names) return;
  stack->count = (int)count;
  stack->limit = MOST_FRAMES;
  if (!are_users(*stack)) *stack = (struct stack){.engine = engine};
}

bool stack_is_users_to_next_section(struct stack *stack) {
  void *isolate = v8_isolate_get_current();
  bool users = true;
  for (; has_frame(stack); stack->at++) {
    enum frame_owner owner = owner_of_frame(stack, isolate);
    if (owner == FRAME_HOSTS) users = false;
    if (owner == FRAME_SECTION) {
      stack->at++;
      return users;
    }
  }
  return false; /* V8 shows no more frames */
}

int stack_sections_left(struct stack stack) {
  void *isolate = v8_isolate_get_current();
  int sections = 0;
  for (; has_frame(&stack); stack.at++)
    sections += owner_of_frame(&stack, isolate) == FRAME_SECTION;
  return sections;
}

/* ------------------------------------------------------ the script of sections
 */

static napi_value innermost_frame(void *isolate) {
  napi_value trace = v8_stack_trace_current(isolate, 1, V8_STACK_TRACE_ALL);
  return trace && v8_stack_trace_get_frame_count(trace) > 0
             ? v8_stack_trace_get_frame(trace, isolate, 0)
             : NULL;
}

int stack_innermost_script(void *isolate) {
  napi_value frame = innermost_frame(isolate);
  return frame ? v8_stack_frame_get_script_id(frame) : 0;
}

void stack_note_section_script(struct engine *engine) {
  struct frame_scripts *scripts = &engine->scripts;
  napi_value frame = innermost_frame(engine->isolate);
  scripts->section_script = frame ? v8_stack_frame_get_script_id(frame) : 0;
  if (scripts->section_script == 0) return;
  text_of(engine->env, v8_stack_frame_get_script_name(frame),
          scripts->section_name, sizeof scripts->section_name);
}
