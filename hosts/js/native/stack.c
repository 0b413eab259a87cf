/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whose functions are on the stack? A kill unwinds all of them without running
 * their `finally` blocks. Users' functions and wasm are what it is for; those
 * of the host itself (scripts named node:...) must be let finish what they do.
 *
 * lib/section.js holds the functions that begin sections and nothing else, so
 * that each of its frames is one section.
 *
 * The code that V8 interprets checks its stack where functions begin, but in
 * loops only after each hundred kilobytes or so of bytecode (V8's interrupt
 * budget): in a user's loop that mostly calls functions of a millisecond,
 * seconds pass between two checks. So one more place counts as the user's:
 * where a function of the host has just been entered by a user's, of a script
 * whose functions do nothing that lasts before they call others. The
 * termination takes effect where it calls the first one, or where it has come
 * back.
 *
 * Where wasm is on top, the frames are those of an error
 * (lib/stack-scripts.js): V8's own list names functions, and reads the names of
 * all of a module's for that.
 *
 * V8 may have inlined a function of the host into a user's. Its frame is seen
 * while it runs; but a kill that is asked for while a user's function is on top
 * takes effect at the next check of the stack, which may be inside: no call is
 * between. lib/repair-after-kill.js puts right what is known to be left then.
 */
#include "engine.h"
#include "v8.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LIMIT 16
#define MOST_FRAMES (1 << 20)

enum whose { SECTION, USERS, HOSTS };

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

/* Scripts whose functions, called by a user's, do nothing that lasts before the
 * first function that they call in turn: long ones (digests, compression,
 * files, processes, text), which check their arguments first. */
static bool may_be_cut_at_entry(const char *script) {
  static const char *const begins[] = {
      "node:buffer",       "node:child_process",
      "node:crypto",       "node:fs",
      "node:internal/cry", "node:internal/u",
      "node:path",         "node:querystring",
      "node:url",          "node:util",
      "node:v8",           "node:zlib"};
  for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
    if (strncmp(script, begins[i], strlen(begins[i])) == 0) return true;
  return false;
}

/* Where in `text` a line and column are; `length` if nowhere. */
static size_t offset_of(const char *text, size_t length, uint32_t line,
                        uint32_t column) {
  size_t at = 0;
  for (; line > 0; line--) {
    const char *end = memchr(text + at, '\n', length - at);
    if (!end) return length;
    at = (size_t)(end - text) + 1;
  }
  return column < length - at ? at + column : length;
}

/* Whether at `at` the parameters of a function of that name begin, which is
 * where V8 places a function's entry: a "(" behind its name. A call is placed
 * at the name. */
static bool begins_function(const char *text, size_t at, const char *name) {
  const char *last = strrchr(name, ' '); /* "get size" */
  size_t length;
  name = last ? last + 1 : name;
  length = strlen(name);
  return length > 0 && at >= length && text[at] == '(' &&
         memcmp(text + at - length, name, length) == 0;
}

static bool find_entry(napi_env env, napi_value frame, uint64_t location) {
  napi_value source = v8_stack_frame_get_script_source(frame);
  size_t length = 0;
  char name[64], *text;
  bool found = false;
  read_text(env, v8_stack_frame_get_function_name(frame), name, sizeof name);
  if (!source ||
      napi_get_value_string_latin1(env, source, NULL, 0, &length) != napi_ok ||
      !(text = malloc(length + 1)))
    return false;
  if (napi_get_value_string_latin1(env, source, text, length + 1, &length) ==
      napi_ok) {
    size_t at =
        offset_of(text, length, (uint32_t)location, (uint32_t)(location >> 32));
    found = at < length && begins_function(text, at, name);
  }
  free(text);
  return found;
}

/* Whether a function of the host has just been entered: this is remembered by
 * place, as to find it out takes some microseconds. */
static bool is_at_entry(struct engine *engine, napi_value frame) {
  if (!v8_stack_frame_get_location || !v8_stack_frame_get_script_source)
    return false;
  int script = v8_stack_frame_get_script_id(frame);
  uint64_t location = v8_stack_frame_get_location(frame);
  struct place *place = &engine->places[((uint64_t)(uint32_t)script * 31 +
                                         location + (location >> 32)) %
                                        PLACES];
  if (place->script != script || place->location != location)
    *place = (struct place){
        .script = script,
        .location = location,
        .is_entry = find_entry(engine->env, frame, location),
    };
  return place->is_entry;
}

static enum whose whose_script(const struct stack *stack) {
  const struct engine *engine = stack->engine;
  char script[sizeof engine->section_name];
  napi_value name = NULL;
  napi_get_element(engine->env, stack->names, (uint32_t)stack->at, &name);
  read_text(engine->env, name, script, sizeof script);
  if (strcmp(script, engine->section_name) == 0) return SECTION;
  return strncmp(script, "node:", 5) == 0 ? HOSTS : USERS;
}

static enum whose whose_frame(const struct stack *stack, void *isolate) {
  const struct engine *engine = stack->engine;
  if (stack->names) return whose_script(stack);
  char script[32];
  napi_value frame =
      v8_stack_trace_get_frame(stack->trace, isolate, (uint32_t)stack->at);
  if (!frame) return HOSTS;
  if (v8_stack_frame_get_script_id(frame) == engine->section_script)
    return SECTION;
  read_text(engine->env, v8_stack_frame_get_script_name(frame), script,
            sizeof script);
  if (strncmp(script, "node:", 5) != 0) return USERS;
  if (may_be_unwound(engine->env, script, frame)) return USERS;
  return stack->at == 0 && may_be_cut_at_entry(script) &&
                 is_at_entry(stack->engine, frame)
             ? USERS
             : HOSTS;
}

/* Looks at no more than is needed: the innermost frame, and the next one if a
 * function of the host may be cut there. */
bool stack_is_hosts_on_top(struct engine *engine, void *isolate) {
  struct stack stack;
  char script[32];
  if (!v8_stack_trace_current_script_name) return false;
  read_text(engine->env, v8_stack_trace_current_script_name(isolate), script,
            sizeof script);
  if (strncmp(script, "node:", 5) != 0 || strcmp(script, "node:events") == 0 ||
      strcmp(script, "node:wasi") == 0 || strcmp(script, "node:vm") == 0)
    return false;
  if (!may_be_cut_at_entry(script)) return true;
  stack = (struct stack){.engine = engine};
  if (!fetch(&stack, 2)) return true;
  if (whose_frame(&stack, isolate) == HOSTS) return true;
  stack.at++;
  return stack.at < stack.count && whose_frame(&stack, isolate) == HOSTS;
}

/* After a call of JavaScript that failed. If a termination of the host's own
 * (worker.terminate) was what it met, nothing else may be called any more: it
 * is to go on. */
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
  napi_value looker = NULL, nobody = NULL, names = NULL;
  bool is_array = false;
  napi_get_reference_value(env, engine->looker, &looker);
  napi_get_undefined(env, &nobody);
  if (napi_call_function(env, nobody, looker, 0, NULL, &names) == napi_ok)
    napi_is_array(env, names, &is_array);
  else
    forget_failure(env);
  return is_array && napi_get_array_length(env, names, count) == napi_ok ? names
                                                                         : NULL;
}

/* Whether the names of the scripts are enough: from the innermost frame to the
 * outermost section there are none of the host's. */
static bool are_users(struct stack stack) {
  int left = 0;
  for (const struct running *at = stack.engine->innermost; at; at = at->outer)
    left += at->killable;
  for (; left > 0 && stack.at < stack.count; stack.at++) {
    enum whose whose = whose_script(&stack);
    if (whose == HOSTS) return false;
    left -= whose == SECTION;
  }
  return left == 0;
}

static bool is_wasm_on_top(const struct engine *engine, void *isolate) {
  char script[8];
  if (!v8_stack_trace_current_script_name) return false;
  read_text(engine->env, v8_stack_trace_current_script_name(isolate), script,
            sizeof script);
  return strncmp(script, "wasm:", 5) == 0;
}

void stack_look(struct stack *stack, struct engine *engine) {
  uint32_t count = 0;
  *stack = (struct stack){.engine = engine};
  if (!engine->looker || !is_wasm_on_top(engine, v8_isolate_get_current()))
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
    if (whose_frame(&stack, isolate) == SECTION) sections++;
  }
  return sections;
}

int stack_innermost_script(void *isolate) {
  napi_value trace = v8_stack_trace_current(isolate, 1, V8_STACK_TRACE_ALL);
  if (!trace || v8_stack_trace_get_frame_count(trace) < 1) return 0;
  napi_value frame = v8_stack_trace_get_frame(trace, isolate, 0);
  return frame ? v8_stack_frame_get_script_id(frame) : 0;
}

void stack_note_sections(struct engine *engine) {
  void *isolate = engine->isolate;
  napi_value trace = v8_stack_trace_current(isolate, 1, V8_STACK_TRACE_ALL);
  engine->section_script = stack_innermost_script(isolate);
  if (engine->section_script == 0) return;
  read_text(engine->env,
            v8_stack_frame_get_script_name(
                v8_stack_trace_get_frame(trace, isolate, 0)),
            engine->section_name, sizeof engine->section_name);
}
