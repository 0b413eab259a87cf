/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Memories that move when they grow.
 *
 * The addon finds a MOVABLE memory through its ArrayBuffer, which the engine
 * detaches whenever the memory grows: until then it shows where the memory is.
 * The next ArrayBuffer comes from the getter of WebAssembly.Memory's prototype
 * as it was when the package was loaded, so no code of the program runs.
 */
#include "movable_memories.h"

#include "addon.h"
#include "realm.h"

#define SYNCS_IN_A_SCOPE 64

bool memory_of_buffer(napi_env env, napi_value value, wasmsig_words *words,
                      bool *shared) {
  size_t length = 0;
  void *data = NULL;
  bool is_buffer = false;
  napi_is_arraybuffer(env, value, &is_buffer);
  *shared = !is_buffer;
  napi_status status =
      is_buffer ? napi_get_arraybuffer_info(env, value, &data, &length)
                : napi_get_typedarray_info(env, value, NULL, &length, &data,
                                           NULL, NULL);
  words->memory = data;
  words->length = length;
  return status == napi_ok;
}

/* ------------------------------------------------------------------ sync */

/* Replaces a detached buffer by the one that the memory has now. */
static bool renew_buffer(napi_env env, const struct realm *realm,
                         struct tracked_instance *entry) {
  bool pending = true;
  napi_is_exception_pending(env, &pending);
  if (pending || !realm->instances.get_buffer) return false;
  napi_value undefined = NULL, buffer = NULL;
  napi_value memory = value_of(env, entry->memory);
  napi_ref reference;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined,
                         value_of(env, realm->instances.get_buffer), 1, &memory,
                         &buffer) != napi_ok ||
      napi_create_reference(env, buffer, 1, &reference) != napi_ok)
    return false;
  napi_delete_reference(env, entry->buffer);
  entry->buffer = reference;
  return true;
}

static bool read_buffer(napi_env env, const struct tracked_instance *entry,
                        wasmsig_words *now) {
  bool shared;
  return memory_of_buffer(env, value_of(env, entry->buffer), now, &shared) &&
         now->memory && now->length > 0;
}

/* Where a movable memory is now; false if that is not known now. */
static bool find_memory(napi_env env, struct realm *realm,
                        struct tracked_instance *entry) {
  wasmsig_words now;
  if (!read_buffer(env, entry, &now) &&
      !(renew_buffer(env, realm, entry) && read_buffer(env, entry, &now)))
    return false;
  realm->instances.bytes += now.length - entry->length;
  entry->length = now.length;
  entry->base = now.memory;
  return true;
}

static void sync_some(napi_env env, struct realm *realm, size_t from,
                      size_t to) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  for (size_t at = from; at < to; at++) {
    struct tracked_instance *entry = &realm->instances.entries[at];
    if (find_memory(env, realm, entry))
      wasmsig_instance_sync(realm->registry, entry->handle, entry->base,
                            entry->length);
  }
  napi_close_handle_scope(env, scope);
}

void movable_memories_sync(napi_env env, struct realm *realm) {
  const size_t count = realm->instances.movables;
  for (size_t from = 0; from < count; from += SYNCS_IN_A_SCOPE) {
    size_t to = from + SYNCS_IN_A_SCOPE;
    sync_some(env, realm, from, to < count ? to : count);
  }
}

/* ----------------------------------------------------------- known words */

static bool has_memory(napi_env env, const struct tracked_instance *entry,
                       napi_value memory) {
  bool same = false;
  return napi_strict_equals(env, value_of(env, entry->memory), memory, &same) ==
             napi_ok &&
         same;
}

struct known_words known_words_save(napi_env env, const struct realm *realm,
                                    napi_value memory,
                                    const wasmsig_words *words) {
  struct known_words known = {NULL, NULL, 0, 0};
  char *base = words->memory;
  if (words->memory_class != WASMSIG_MEMORY_MOVABLE) return known;
  for (size_t i = 0; i < realm->instances.movables; i++) {
    const struct tracked_instance *entry = &realm->instances.entries[i];
    if (entry->base != base || !has_memory(env, entry, memory)) continue;
    if (entry->signal == words->signal && words->signal != WASMSIG_NO_WORD)
      known.signal = (uint32_t *)(void *)(base + words->signal);
    if (entry->pending == words->pending && words->pending != WASMSIG_NO_WORD)
      known.pending = (uint64_t *)(void *)(base + words->pending);
  }
  if (known.signal) known.signal_was = *known.signal;
  if (known.pending) known.pending_was = *known.pending;
  return known;
}

void known_words_restore(const struct known_words *known) {
  if (known->signal) *known->signal = known->signal_was;
  if (known->pending) *known->pending = known->pending_was;
}

/* ------------------------------------------------------------- functions */

/* setBufferGetter(function(memory)): answers a memory's buffer. */
static napi_value set_buffer_getter(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm *realm = realm_of(env);
  arguments(env, info, given, 1);
  napi_create_reference(env, given[0], 1, &realm->instances.get_buffer);
  return NULL;
}

void define_movable_memories(napi_env env, napi_value exports) {
  define(env, exports, "setBufferGetter", set_buffer_getter);
}
