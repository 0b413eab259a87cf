/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whose functions are on the stack? A kill unwinds all of them without running
 * their `finally` blocks. Users' functions and wasm are what it is for; those
 * of the host itself (scripts named node:...) must be let finish what they do.
 *
 * lib/section.js holds the functions that begin sections and nothing else, so
 * that each of its frames is one section.
 *
 * V8 may have inlined a function of the host into a user's. Its frame is seen
 * while it runs; but a kill that is asked for while a user's function is on top
 * takes effect at the next check of the stack, which may be inside: no call is
 * between. lib/mend.js puts right what is known to be left then.
 */
#include "engine.h"
#include "v8.h"

#include <string.h>

#define FIRST_LIMIT 16
#define MOST_FRAMES (1 << 20)

enum whose { SECTION, USERS, HOSTS };

void stack_look(struct stack *stack, struct engine *engine) {
  *stack = (struct stack){.engine = engine};
}

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

/* The text of a string, cut off; "" if there is none. */
static void read_text(napi_env env, napi_value value, char *text, size_t size) {
  size_t length = 0;
  if (!value ||
      napi_get_value_string_utf8(env, value, text, size, &length) != napi_ok)
    length = 0;
  text[length] = 0;
}

/* Functions of the host that a kill may unwind: they call a user's function or
 * a guest's, and leave nothing undone. lib/vm.js, lib/events.js, lib/wasi.js in
 * Node's sources. A WASI object that began to start an instance cannot start
 * another one, which is so after an exception as well. */
static bool may_be_unwound(napi_env env, const char *script, napi_value frame) {
  char function[32];
  read_text(env, v8_stack_frame_get_function_name(frame), function,
            sizeof function);
  if (strcmp(script, "node:events") == 0) return strcmp(function, "emit") == 0;
  if (strcmp(script, "node:wasi") == 0)
    return strcmp(function, "start") == 0 ||
           strcmp(function, "initialize") == 0;
  /* The other ones take SIGINT's listeners away and put them back. */
  return strcmp(script, "node:vm") == 0 && (strncmp(function, "runIn", 5) == 0);
}

static enum whose whose_frame(const struct stack *stack, void *isolate) {
  const struct engine *engine = stack->engine;
  char script[32];
  napi_value frame =
      v8_stack_trace_get_frame(stack->trace, isolate, (uint32_t)stack->at);
  if (!frame) return HOSTS;
  if (v8_stack_frame_get_script_id(frame) == engine->section_script)
    return SECTION;
  read_text(engine->env, v8_stack_frame_get_script_name(frame), script,
            sizeof script);
  if (strncmp(script, "node:", 5) != 0) return USERS;
  return may_be_unwound(engine->env, script, frame) ? USERS : HOSTS;
}

bool stack_is_users_to_next_section(struct stack *stack) {
  void *isolate = v8_isolate_get_current();
  bool users = true;
  for (; has_frame(stack); stack->at++) {
    enum whose whose = whose_frame(stack, isolate);
    if (whose == HOSTS) users = false;
    if (whose == SECTION) {
      stack->at++;
      return users;
    }
  }
  return false; /* not all was seen */
}

int stack_sections_left(struct stack stack) {
  void *isolate = v8_isolate_get_current();
  int sections = 0;
  for (; has_frame(&stack); stack.at++) {
    napi_value frame =
        v8_stack_trace_get_frame(stack.trace, isolate, (uint32_t)stack.at);
    if (frame &&
        v8_stack_frame_get_script_id(frame) == stack.engine->section_script)
      sections++;
  }
  return sections;
}

int stack_innermost_script(void *isolate) {
  napi_value trace = v8_stack_trace_current(isolate, 1, V8_STACK_TRACE_ALL);
  if (!trace || v8_stack_trace_get_frame_count(trace) < 1) return 0;
  napi_value frame = v8_stack_trace_get_frame(trace, isolate, 0);
  return frame ? v8_stack_frame_get_script_id(frame) : 0;
}
