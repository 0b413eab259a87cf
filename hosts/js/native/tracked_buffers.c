/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Words that no module exports: the first bytes of typed arrays.
 *
 * Their memory must stay where it is as long as it is tracked. The reference
 * to the buffer keeps it from being collected. What is left is that an
 * ArrayBuffer is transferred to somebody else, who may free it. V8 lets its
 * embedder forbid that: a buffer with a detach key is detached by none who
 * does not show it (ECMA-262, DetachArrayBuffer, step 3), and JavaScript shows
 * undefined. Where the host does not export V8's functions for
 * that (v8.h), ArrayBuffers are refused. A SharedArrayBuffer cannot be
 * detached.
 *
 * A buffer that cannot be detached by anybody is a WebAssembly.Memory's, whose
 * engine does so all the same when the memory grows: refused.
 */
#include "addon.h"
#include "v8.h"

#include <stdlib.h>

extern void v8_array_buffer_set_detach_key(napi_value buffer, napi_value key)
    V8_NAMED("_ZN2v811ArrayBuffer12SetDetachKeyENS_5LocalINS_5ValueEEE");
extern bool v8_array_buffer_is_detachable(napi_value buffer)
    V8_NAMED("_ZNK2v811ArrayBuffer12IsDetachableEv");

/* Beside the core's errors, for lib/tracked-buffers.js. */
enum { DETACHABLE = -100, OF_A_MEMORY = -101 };

/* One tracking: a list, because a program has one or two. */
struct tracked_words {
  struct tracked_words *next;
  napi_ref buffer; /* strong */
  wasmsig_instance handle;
  wasmsig_memory_class memory_class;
  const void *data; /* of the buffer */
  const char *signal, *terminated;
};

/* What lib/ calls a tracking: without the registry's part of the handle, it is
 * a whole number that a double holds. */
static double words_name(wasmsig_instance handle) {
  return (double)(handle & ((UINT64_C(1) << 48) - 1));
}

/* -------------------------------------------------------------- detaching */

static int may_forbid_detaching(napi_value buffer) {
  if (!v8_array_buffer_set_detach_key || !v8_array_buffer_is_detachable)
    return DETACHABLE;
  return v8_array_buffer_is_detachable(buffer) ? WASMSIG_OK : OF_A_MEMORY;
}

static void forbid_detaching(napi_env env, const struct realm_state *state,
                             napi_value buffer) {
  napi_value key; /* any object that JavaScript cannot show */
  if (napi_get_reference_value(env, state->killed, &key) == napi_ok)
    v8_array_buffer_set_detach_key(buffer, key);
}

static bool is_shared(const struct tracked_words *words) {
  return words->memory_class == WASMSIG_MEMORY_SHARED;
}

/* Unless another tracking has words in the same buffer. */
static void permit_detaching(napi_env env, const struct realm_state *state,
                             const struct tracked_words *gone) {
  napi_handle_scope scope;
  napi_value buffer, none;
  for (struct tracked_words *at = state->words; at; at = at->next)
    if (at->data == gone->data) return;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, gone->buffer, &buffer) == napi_ok &&
      napi_get_undefined(env, &none) == napi_ok)
    v8_array_buffer_set_detach_key(buffer, none);
  napi_close_handle_scope(env, scope);
}

/* ---------------------------------------------------------------- tracking */

static bool has_word(const struct tracked_words *words, const char *word) {
  return word && (words->signal == word || words->terminated == word);
}

/* By this thread: other threads may track a shared word besides. */
static bool is_tracked_already(const struct realm_state *state,
                               const struct tracked_words *words) {
  for (struct tracked_words *at = state->words; at; at = at->next)
    if (has_word(at, words->signal) || has_word(at, words->terminated))
      return true;
  return false;
}

/* The core wants a base that 8 divides; buffers of other addons may begin
 * anywhere. What is before the buffer holds no word. */
static int add(struct realm_state *state, struct tracked_words *words,
               const char *data, size_t length) {
  const size_t before = (uintptr_t)data % 8;
  wasmsig_words given = WASMSIG_WORDS_INIT;
  given.memory = (void *)((uintptr_t)data - before);
  given.length = length + before;
  given.memory_class = words->memory_class;
  if (words->signal) given.signal = (uint64_t)(words->signal - data) + before;
  if (words->terminated)
    given.terminated = (uint64_t)(words->terminated - data) + before;
  return wasmsig_instance_add(state->registry, &given, &words->handle);
}

static int hold(napi_env env, struct realm_state *state,
                struct tracked_words *words, napi_value buffer, size_t length) {
  if (is_tracked_already(state, words)) return WASMSIG_EOVERLAP;
  int error = is_shared(words) ? WASMSIG_OK : may_forbid_detaching(buffer);
  if (error) return error;
  if (napi_create_reference(env, buffer, 1, &words->buffer) != napi_ok)
    return WASMSIG_ENOMEM;
  error = add(state, words, words->data, length);
  if (error) {
    napi_delete_reference(env, words->buffer);
    return error;
  }
  if (!is_shared(words)) forbid_detaching(env, state, buffer);
  words->next = state->words;
  state->words = words;
  state->by_class[words->memory_class]++;
  return WASMSIG_OK;
}

/* The core forgets the words first, then their memory is let go. */
static void let_go(napi_env env, struct realm_state *state,
                   struct tracked_words **link, bool permit) {
  struct tracked_words *words = *link;
  *link = words->next;
  wasmsig_instance_remove(state->registry, words->handle);
  if (permit && !is_shared(words)) permit_detaching(env, state, words);
  napi_delete_reference(env, words->buffer);
  state->by_class[words->memory_class]--;
  free(words);
}

void words_drop_all(napi_env env, struct realm_state *state) {
  while (state->words) let_go(env, state, &state->words, false);
}

static const char *word_at(const char *data, double offset) {
  return offset < 0 ? NULL : data + (size_t)offset;
}

/* trackWords(buffer, bytes, signal, terminated, shared): the name of the
 * tracking, or a negative error. `bytes` is a Uint8Array over the whole of the
 * buffer; words are offsets into it, below 0 if absent. */
static napi_value track_words(napi_env env, napi_callback_info info) {
  napi_value given[5];
  struct realm_state *state = realm_state_of(env);
  size_t length = 0;
  void *data = NULL;
  bool shared = false;
  arguments(env, info, given, 5);
  if (napi_get_typedarray_info(env, given[1], NULL, &length, &data, NULL,
                               NULL) != napi_ok ||
      napi_get_value_bool(env, given[4], &shared) != napi_ok)
    return make_number(env, WASMSIG_EINVAL);
  struct tracked_words *words = calloc(1, sizeof *words);
  if (!words) return make_number(env, WASMSIG_ENOMEM);
  words->memory_class = shared ? WASMSIG_MEMORY_SHARED : WASMSIG_MEMORY_FIXED;
  words->data = data;
  words->signal = word_at(data, number_of(env, given[2]));
  words->terminated = word_at(data, number_of(env, given[3]));
  int error = hold(env, state, words, given[0], length);
  if (!error) return make_number(env, words_name(words->handle));
  free(words);
  return make_number(env, error);
}

/* untrackWords(name): nothing happens if nobody has it any more. */
static napi_value untrack_words(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 1);
  const double name = number_of(env, given[0]);
  struct tracked_words **link = &state->words;
  while (*link && words_name((*link)->handle) != name) link = &(*link)->next;
  if (*link) let_go(env, state, link, true);
  return NULL;
}

void define_words(napi_env env, napi_value exports) {
  define(env, exports, "trackWords", track_words);
  define(env, exports, "untrackWords", untrack_words);
}
