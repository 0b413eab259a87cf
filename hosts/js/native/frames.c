/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which functions on the stack may a kill unwind? It unwinds them without
 * running their `finally` blocks. That is right for users' functions and for
 * wasm. Functions of the host itself (scripts named node:...) must finish what
 * they do, with two exceptions.
 *
 * First, functions that call a user's function or a guest's, and leave nothing
 * unfinished when that call does not return.
 *
 * Second, functions that were just entered. The code that V8 interprets checks
 * its stack where functions begin, but in loops only after each hundred
 * kilobytes or so of bytecode (V8's interrupt budget). In a user's loop that
 * mostly calls functions of a millisecond, seconds pass between two checks. So
 * a function of the host that a user's function has just called may be unwound,
 * if its script's functions do nothing lasting before they call others. The
 * termination takes effect where it calls the first one, or where it returns.
 */
#include "frames.h"

#include "v8.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>

bool script_is_hosts(const char *name) {
  return strncmp(name, "node:", 5) == 0;
}

/* ------------------------------------------------- functions that call others
 */

bool script_has_unwindable(const char *name) {
  return strcmp(name, "node:events") == 0 || strcmp(name, "node:wasi") == 0 ||
         strcmp(name, "node:vm") == 0;
}

/* lib/vm.js, lib/events.js, lib/wasi.js in Node's sources. A WASI object that
 * has begun to start an instance cannot start another one, which is so after an
 * exception as well. */
static bool is_unwindable(napi_env env, const char *script, napi_value frame) {
  char function[32];
  if (!script_has_unwindable(script)) return false;
  text_of(env, v8_stack_frame_get_function_name(frame), function,
          sizeof function);
  if (strcmp(script, "node:events") == 0) return strcmp(function, "emit") == 0;
  if (strcmp(script, "node:wasi") == 0)
    return strcmp(function, "start") == 0 ||
           strcmp(function, "initialize") == 0;
  /* Others of vm take SIGINT's listeners away and put them back. */
  return strncmp(function, "runIn", 5) == 0;
}

/* -------------------------------------------------- functions just entered */

/* Scripts whose functions check their arguments first, and then do something
 * long: digests, compression, files, processes, text. */
bool script_may_be_cut_at_entry(const char *name) {
  static const char *const begins[] = {
      "node:buffer",       "node:child_process",
      "node:crypto",       "node:fs",
      "node:internal/cry", "node:internal/u",
      "node:path",         "node:querystring",
      "node:url",          "node:util",
      "node:v8",           "node:zlib"};
  for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
    if (strncmp(name, begins[i], strlen(begins[i])) == 0) return true;
  return false;
}

/* The offset of a line and column in `text`; `length` if there is none. */
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

/* Whether the parameters of a function of that name begin at `at`, which is
 * V8's position of a function's entry: a "(" behind its name. V8's position of
 * a call is the name. */
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
  text_of(env, v8_stack_frame_get_function_name(frame), name, sizeof name);
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

/* The answer takes some microseconds to find: it is kept for each position. */
static bool is_at_entry(struct frame_scripts *scripts, napi_env env,
                        napi_value frame) {
  if (!v8_stack_frame_get_location || !v8_stack_frame_get_script_source)
    return false;
  int script = v8_stack_frame_get_script_id(frame);
  uint64_t location = v8_stack_frame_get_location(frame);
  struct script_position *position =
      &scripts->positions[((uint64_t)(uint32_t)script * 31 + location +
                           (location >> 32)) %
                          KNOWN_POSITIONS];
  if (position->script != script || position->location != location)
    *position = (struct script_position){
        .script = script,
        .location = location,
        .is_entry = find_entry(env, frame, location),
    };
  return position->is_entry;
}

/* ---------------------------------------------------------------- the owner */

enum frame_owner frame_owner_by_name(const struct frame_scripts *scripts,
                                     napi_env env, napi_value name) {
  char script[sizeof scripts->section_name];
  text_of(env, name, script, sizeof script);
  if (strcmp(script, scripts->section_name) == 0) return FRAME_SECTION;
  return script_is_hosts(script) ? FRAME_HOSTS : FRAME_USERS;
}

enum frame_owner frame_owner(struct frame_scripts *scripts, napi_env env,
                             napi_value frame, bool is_innermost) {
  char script[32];
  if (!frame) return FRAME_HOSTS;
  if (v8_stack_frame_get_script_id(frame) == scripts->section_script)
    return FRAME_SECTION;
  text_of(env, v8_stack_frame_get_script_name(frame), script, sizeof script);
  if (!script_is_hosts(script) || is_unwindable(env, script, frame))
    return FRAME_USERS;
  return is_innermost && script_may_be_cut_at_entry(script) &&
                 is_at_entry(scripts, env, frame)
             ? FRAME_USERS
             : FRAME_HOSTS;
}
