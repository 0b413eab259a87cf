/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tracked instances: held weakly, their memory strongly.
 *
 * Finalizers starve in synchronous loops, so instances that were collected are
 * found by a sweep: when the table has doubled since the last one, or grown by
 * a thousand, or when the memories that it holds have doubled. Order
 * matters: the core forgets the instance first, then its memory is let go.
 */
#include "addon.h"

#include <stdlib.h>

#define LEAST_SWEEP 64
/* V8 reserves 10 GiB of address space for a memory, of 128 TiB: what is held of
 * instances that have gone must stay far below 13 000 memories. */
#define MOST_BETWEEN_SWEEPS 1024
#define LEAST_SWEEP_BYTES (UINT64_C(64) << 20)
#define LARGEST_MEMORY (UINT64_C(1) << 32) /* with 32-bit addresses, bytes */
#define HANDLE_TAG (UINT64_C(0xffff) << 48)

wasmsig_instance instance_handle(const struct realm_state *state, double id) {
  return state->handle_tag | (uint64_t)id;
}

/* ----------------------------------------------------------------- sweep */

static void drop_entry(napi_env env, struct realm_state *state, size_t at) {
  struct entry *entry = &state->entries[at];
  wasmsig_instance_remove(state->registry, entry->handle);
  napi_delete_reference(env, entry->instance);
  napi_delete_reference(env, entry->memory);
  state->by_class[entry->memory_class]--;
  state->bytes -= entry->length;
  *entry = state->entries[--state->count];
}

static bool is_collected(napi_env env, const struct entry *entry) {
  napi_handle_scope scope;
  napi_value instance = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  bool known =
      napi_get_reference_value(env, entry->instance, &instance) == napi_ok;
  napi_close_handle_scope(env, scope);
  return known && !instance;
}

static void sweep(napi_env env, struct realm_state *state) {
  size_t before = state->count;
  for (size_t i = 0; i < state->count;) {
    if (is_collected(env, &state->entries[i]))
      drop_entry(env, state, i);
    else
      i++;
  }
  state->sweeps++;
  state->collected += before - state->count;
  uint64_t bytes = state->bytes;
  if (bytes < LEAST_SWEEP_BYTES) bytes = LEAST_SWEEP_BYTES;
  state->sweep_bytes = state->bytes + bytes;
  size_t more = state->count;
  if (more < LEAST_SWEEP) more = LEAST_SWEEP;
  if (more > MOST_BETWEEN_SWEEPS) more = MOST_BETWEEN_SWEEPS;
  state->sweep_at = state->count + more;
}

void instances_drop_all(napi_env env, struct realm_state *state) {
  while (state->count > 0) drop_entry(env, state, state->count - 1);
}

/* ----------------------------------------------------------------- track */

static bool make_room(napi_env env, struct realm_state *state) {
  if (state->count >= state->sweep_at || state->bytes >= state->sweep_bytes)
    sweep(env, state);
  if (state->count < state->capacity) return true;
  size_t capacity = state->capacity ? 2 * state->capacity : LEAST_SWEEP;
  struct entry *entries =
      realloc(state->entries, capacity * sizeof *state->entries);
  if (!entries) return false;
  state->entries = entries;
  state->capacity = capacity;
  return true;
}

/* An ArrayBuffer, or a Uint8Array over a SharedArrayBuffer. */
static bool bytes_of(napi_env env, napi_value value, wasmsig_words *words,
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

static uint64_t address_of(napi_env env, napi_value value) {
  double address = number_of(env, value);
  return address < 0 ? WASMSIG_NO_WORD : (uint64_t)address;
}

static int hold(napi_env env, struct realm_state *state, napi_value instance,
                napi_value memory, const wasmsig_words *words) {
  struct entry entry = {.memory_class = words->memory_class,
                        .length = words->length};
  if (napi_create_reference(env, instance, 0, &entry.instance) != napi_ok)
    return WASMSIG_ENOMEM;
  if (napi_create_reference(env, memory, 1, &entry.memory) != napi_ok) {
    napi_delete_reference(env, entry.instance);
    return WASMSIG_ENOMEM;
  }
  int error = wasmsig_instance_add(state->registry, words, &entry.handle);
  if (error) {
    napi_delete_reference(env, entry.instance);
    napi_delete_reference(env, entry.memory);
    return error;
  }
  state->handle_tag = entry.handle & HANDLE_TAG;
  state->entries[state->count++] = entry;
  state->by_class[entry.memory_class]++;
  state->bytes += entry.length;
  return WASMSIG_OK;
}

/* track(instance, memory, bytes, signal, terminated, pending): the id of the
 * tracked instance, or a negative error. Addresses below 0 are absent. */
static napi_value track(napi_env env, napi_callback_info info) {
  napi_value given[6];
  struct realm_state *state = realm_state_of(env);
  wasmsig_words words = WASMSIG_WORDS_INIT;
  bool shared = false;
  arguments(env, info, given, 6);
  if (!bytes_of(env, given[2], &words, &shared))
    return make_number(env, WASMSIG_EINVAL);
  words.signal = address_of(env, given[3]);
  words.terminated = address_of(env, given[4]);
  words.pending = address_of(env, given[5]);
  words.memory_class = wasmsig_memory_classify(words.memory, words.length,
                                               LARGEST_MEMORY, shared);
  /* Nobody calls wasmsig_instance_sync here yet. */
  if (words.memory_class == WASMSIG_MEMORY_MOVABLE)
    return make_number(env, WASMSIG_EMOVABLE);
  int error = WASMSIG_ENOMEM;
  if (make_room(env, state))
    error = hold(env, state, given[0], given[1], &words);
  if (error) return make_number(env, error);
  wasmsig_instance handle = state->entries[state->count - 1].handle;
  return make_number(env, (double)(handle & ~HANDLE_TAG));
}

/* -------------------------------------------------------- raise and clear */

/* raiseInstance(signal, id), raiseRealm(signal), raiseProcess(signal): how
 * many instances got it. An id that names nobody any more counts 0. */
static napi_value counted(napi_env env, int64_t count) {
  return make_number(env, count < 0 ? 0 : (double)count);
}

static napi_value raise_instance(napi_env env, napi_callback_info info) {
  napi_value given[2];
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 2);
  return counted(env, wasmsig_instance_raise(
                          state->registry,
                          instance_handle(state, number_of(env, given[1])),
                          (int)number_of(env, given[0])));
}

static napi_value raise_realm(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return counted(env, wasmsig_registry_raise(realm_state_of(env)->registry,
                                             (int)number_of(env, given[0])));
}

static napi_value raise_process(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return counted(env, wasmsig_process_raise((int)number_of(env, given[0])));
}

/* clearInstance(id), clearRealm(), clearProcess(): how many had one. */
static napi_value clear_instance(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 1);
  return counted(env, wasmsig_instance_clear(
                          state->registry,
                          instance_handle(state, number_of(env, given[0])), 0));
}

static napi_value clear_realm(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_registry_clear(realm_state_of(env)->registry, 0));
}

static napi_value clear_process(napi_env env, napi_callback_info info) {
  (void)info;
  return counted(env, wasmsig_process_clear(0));
}

/* ------------------------------------------------------------ statistics */

/* stats(into): FIXED, SHARED, collected, sweeps, raises, softLimits, kills as
 * properties of `into`. */
static napi_value stats(napi_env env, napi_callback_info info) {
  napi_value into[1];
  struct realm_state *state = realm_state_of(env);
  wasmsig_statistics process;
  wasmsig_get_statistics(&process);
  arguments(env, info, into, 1);
  const struct {
    const char *name;
    uint64_t value;
  } rows[] = {
      {"FIXED", state->by_class[WASMSIG_MEMORY_FIXED]},
      {"SHARED", state->by_class[WASMSIG_MEMORY_SHARED]},
      {"collected", state->collected},
      {"sweeps", state->sweeps},
      {"raises", process.raises},
      {"softLimits", process.soft},
      {"kills", process.kills},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    napi_set_named_property(env, into[0], rows[i].name,
                            make_number(env, (double)rows[i].value));
  return into[0];
}

void define_instances(napi_env env, napi_value exports) {
  define(env, exports, "track", track);
  define(env, exports, "raiseInstance", raise_instance);
  define(env, exports, "raiseRealm", raise_realm);
  define(env, exports, "raiseProcess", raise_process);
  define(env, exports, "clearInstance", clear_instance);
  define(env, exports, "clearRealm", clear_realm);
  define(env, exports, "clearProcess", clear_process);
  define(env, exports, "stats", stats);
}
