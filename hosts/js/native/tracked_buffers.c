/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Words that no module exports: the first bytes of typed arrays.
 *
 * Their memory must not move or be freed as long as it is tracked. The
 * reference to the buffer keeps it from being collected. But an ArrayBuffer can
 * be transferred, and its new owner may free it. V8 lets its embedder forbid
 * that: a buffer with a detach key is detached only by code that shows the key
 * (ECMA-262, DetachArrayBuffer, step 3), and JavaScript shows undefined. Where
 * the host does not export V8's functions for that (v8.h), ArrayBuffers are
 * refused. A SharedArrayBuffer cannot be detached.
 *
 * An ArrayBuffer that no code can detach is a WebAssembly.Memory's. The engine
 * detaches it all the same when the memory grows: refused.
 */
#include "tracked_buffers.h"

#include "addon.h"
#include "realm.h"
#include "v8.h"

#include <stdlib.h>

extern void v8_array_buffer_set_detach_key(napi_value buffer, napi_value key)
    V8_NAMED("_ZN2v811ArrayBuffer12SetDetachKeyENS_5LocalINS_5ValueEEE");
extern bool v8_array_buffer_is_detachable(napi_value buffer)
    V8_NAMED("_ZNK2v811ArrayBuffer12IsDetachableEv");

/* Beside the core's errors, for lib/tracked-buffers.js. */
enum { DETACHABLE = -100, OF_A_MEMORY = -101 };

/* One call of track(). */
struct tracked_buffer {
  struct tracked_buffer *next;
  napi_ref buffer; /* strong */
  wasmsig_instance handle;
  wasmsig_memory_class memory_class;
  const void *data; /* of the buffer */
  const char *signal, *terminated;
};

/* ---------------------------------------------------------------- detaching */

static int check_detach_key(napi_value buffer) {
  if (!v8_array_buffer_set_detach_key || !v8_array_buffer_is_detachable)
    return DETACHABLE;
  return v8_array_buffer_is_detachable(buffer) ? WASMSIG_OK : OF_A_MEMORY;
}

static void forbid_detaching(napi_env env, const struct realm *realm,
                             napi_value buffer) {
  napi_value key; /* any object that JavaScript cannot show */
  if (napi_get_reference_value(env, realm->killed, &key) == napi_ok)
    v8_array_buffer_set_detach_key(buffer, key);
}

static bool is_shared(const struct tracked_buffer *tracked) {
  return tracked->memory_class == WASMSIG_MEMORY_SHARED;
}

/* Unless another call of track() has words in the same buffer. */
static void permit_detaching(napi_env env, const struct realm *realm,
                             const struct tracked_buffer *dropped) {
  napi_handle_scope scope;
  napi_value buffer, none;
  for (struct tracked_buffer *at = realm->buffers; at; at = at->next)
    if (at->data == dropped->data) return;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, dropped->buffer, &buffer) == napi_ok &&
      napi_get_undefined(env, &none) == napi_ok)
    v8_array_buffer_set_detach_key(buffer, none);
  napi_close_handle_scope(env, scope);
}

/* ----------------------------------------------------------------- tracking */

static bool has_word(const struct tracked_buffer *tracked, const char *word) {
  return word && (tracked->signal == word || tracked->terminated == word);
}

/* By this thread. Other threads may track a shared word as well. */
static bool is_tracked_already(const struct realm *realm,
                               const struct tracked_buffer *tracked) {
  for (struct tracked_buffer *at = realm->buffers; at; at = at->next)
    if (has_word(at, tracked->signal) || has_word(at, tracked->terminated))
      return true;
  return false;
}

/* The core requires a base that 8 divides; buffers of other addons may begin
 * anywhere. The bytes before the buffer hold no word. */
static int add_to_registry(struct realm *realm, struct tracked_buffer *tracked,
                           size_t length) {
  const char *data = tracked->data;
  const size_t before = (uintptr_t)data % 8;
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = (void *)((uintptr_t)data - before);
  words.length = length + before;
  words.memory_class = tracked->memory_class;
  if (tracked->signal)
    words.signal = (uint64_t)(tracked->signal - data) + before;
  if (tracked->terminated)
    words.terminated = (uint64_t)(tracked->terminated - data) + before;
  return wasmsig_instance_add(realm->registry, &words, &tracked->handle);
}

static int add(napi_env env, struct realm *realm,
               struct tracked_buffer *tracked, napi_value buffer,
               size_t length) {
  if (is_tracked_already(realm, tracked)) return WASMSIG_EOVERLAP;
  int error = is_shared(tracked) ? WASMSIG_OK : check_detach_key(buffer);
  if (error) return error;
  if (napi_create_reference(env, buffer, 1, &tracked->buffer) != napi_ok)
    return WASMSIG_ENOMEM;
  error = add_to_registry(realm, tracked, length);
  if (error) {
    napi_delete_reference(env, tracked->buffer);
    return error;
  }
  if (!is_shared(tracked)) forbid_detaching(env, realm, buffer);
  tracked->next = realm->buffers;
  realm->buffers = tracked;
  realm->tracked[tracked->memory_class]++;
  return WASMSIG_OK;
}

/* The core forgets the words first; then their memory is released. */
static void drop(napi_env env, struct realm *realm,
                 struct tracked_buffer **link, bool permit) {
  struct tracked_buffer *tracked = *link;
  *link = tracked->next;
  wasmsig_instance_remove(realm->registry, tracked->handle);
  if (permit && !is_shared(tracked)) permit_detaching(env, realm, tracked);
  napi_delete_reference(env, tracked->buffer);
  realm->tracked[tracked->memory_class]--;
  free(tracked);
}

void tracked_buffers_drop_all(napi_env env, struct realm *realm) {
  while (realm->buffers) drop(env, realm, &realm->buffers, false);
}

/* ---------------------------------------------------------------- functions */

static const char *word_at(const char *data, double offset) {
  return offset < 0 ? NULL : data + (size_t)offset;
}

/* trackBuffer(buffer, bytes, signal, terminated, shared): an id, or a negative
 * error. `bytes` is a Uint8Array over the whole of the buffer; words are
 * offsets into it, below 0 if absent. */
static napi_value track_buffer(napi_env env, napi_callback_info info) {
  napi_value given[5];
  struct realm *realm = realm_of(env);
  size_t length = 0;
  void *data = NULL;
  bool shared = false;
  arguments(env, info, given, 5);
  if (napi_get_typedarray_info(env, given[1], NULL, &length, &data, NULL,
                               NULL) != napi_ok ||
      napi_get_value_bool(env, given[4], &shared) != napi_ok)
    return make_number(env, WASMSIG_EINVAL);
  struct tracked_buffer *tracked = calloc(1, sizeof *tracked);
  if (!tracked) return make_number(env, WASMSIG_ENOMEM);
  tracked->memory_class = shared ? WASMSIG_MEMORY_SHARED : WASMSIG_MEMORY_FIXED;
  tracked->data = data;
  tracked->signal = word_at(data, number_of(env, given[2]));
  tracked->terminated = word_at(data, number_of(env, given[3]));
  int error = add(env, realm, tracked, given[0], length);
  if (!error) return make_number(env, instance_id(tracked->handle));
  free(tracked);
  return make_number(env, error);
}

/* untrackBuffer(id): does nothing if the id is no longer one. */
static napi_value untrack_buffer(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  const double id = number_of(env, given[0]);
  struct tracked_buffer **link = &realm->buffers;
  while (*link && instance_id((*link)->handle) != id) link = &(*link)->next;
  if (*link) drop(env, realm, link, true);
  return NULL;
}

void define_tracked_buffers(napi_env env, napi_value exports) {
  define(env, exports, "trackBuffer", track_buffer);
  define(env, exports, "untrackBuffer", untrack_buffer);
}
