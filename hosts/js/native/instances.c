/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tracked instances: held weakly, their memory strongly.
 *
 * Finalizers starve in synchronous loops, so instances that were collected are
 * found by looking at them: at a few in turn for each new one, and at all (a
 * sweep) when the table has doubled since the last sweep, or grown by a
 * thousand, or when the memories that it holds have doubled. Order matters:
 * the core forgets the instance first, then its memory is let go.
 *
 * A MOVABLE memory is seen through its ArrayBuffer, which engines detach
 * whenever the memory grows: as long as it is not detached, it tells where the
 * memory is. The next one comes from the getter of WebAssembly.Memory's
 * prototype as it was at the start, so no code of the program's runs.
 */
#include "addon.h"
#include "v8.h"

#include <stdlib.h>

#define LEAST_SWEEP 64
/* V8 reserves 10 GiB of address space for a memory, of 128 TiB: what is held of
 * instances that have gone must stay far below 13 000 memories. */
#define MOST_BETWEEN_SWEEPS 1024
#define LEAST_SWEEP_BYTES (UINT64_C(64) << 20)
/* For each new one. So what has gone is let go after a quarter of the table's
 * length in new ones, however much memory it had come to by growing. */
#define LOOKS 4
#define LOOKS_IN_A_SCOPE 64
#define LARGEST_MEMORY (UINT64_C(1) << 32) /* with 32-bit addresses, bytes */
#define LARGEST_ADDRESS 9007199254740991.0 /* that a number tells exactly */
#define HANDLE_TAG (UINT64_C(0xffff) << 48)

wasmsig_instance instance_handle(const struct realm_state *state, double id) {
  return state->handle_tag | (uint64_t)id;
}

/* ----------------------------------------------------------------- sweep */

static void delete_references(napi_env env, const struct entry *entry) {
  if (entry->instance) napi_delete_reference(env, entry->instance);
  if (entry->memory) napi_delete_reference(env, entry->memory);
  if (entry->buffer) napi_delete_reference(env, entry->buffer);
}

/* Fills the place of an entry that has gone; MOVABLE ones stay in front. */
static void close_gap(struct realm_state *state, size_t at) {
  struct entry *entries = state->entries;
  if (at < state->movables) {
    entries[at] = entries[--state->movables];
    at = state->movables;
  }
  entries[at] = entries[--state->count];
}

static void drop_entry(napi_env env, struct realm_state *state, size_t at) {
  struct entry *entry = &state->entries[at];
  wasmsig_instance_remove(state->registry, entry->handle);
  delete_references(env, entry);
  state->by_class[entry->memory_class]--;
  state->bytes -= entry->length;
  close_gap(state, at);
}

static bool is_collected(napi_env env, const struct entry *entry) {
  napi_value instance = NULL;
  return napi_get_reference_value(env, entry->instance, &instance) == napi_ok &&
         !instance;
}

/* Looks at `looks` entries from `at` on, drops those whose instance has gone,
 * and answers where it stopped. */
static size_t look(napi_env env, struct realm_state *state, size_t at,
                   size_t looks) {
  size_t before = state->count;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return at + looks;
  for (; looks > 0 && at < state->count; looks--) {
    if (is_collected(env, &state->entries[at]))
      drop_entry(env, state, at);
    else
      at++;
  }
  napi_close_handle_scope(env, scope);
  state->collected += before - state->count;
  return at;
}

static void look_at_some(napi_env env, struct realm_state *state) {
  state->next_look = look(env, state, state->next_look, LOOKS);
  if (state->next_look >= state->count) state->next_look = 0;
}

static void sweep(napi_env env, struct realm_state *state) {
  for (size_t at = 0; at < state->count;)
    at = look(env, state, at, LOOKS_IN_A_SCOPE);
  state->sweeps++;
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

/* -------------------------------------------------------------- memories */

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

static napi_value value_of(napi_env env, napi_ref reference) {
  napi_value value = NULL;
  napi_get_reference_value(env, reference, &value);
  return value;
}

/* The buffer that a memory has now, instead of the one that was detached. */
static bool take_new_buffer(napi_env env, const struct realm_state *state,
                            struct entry *entry) {
  bool pending = true;
  napi_is_exception_pending(env, &pending);
  if (pending || !state->read_buffer) return false;
  napi_value nobody = NULL, buffer = NULL;
  napi_value memory = value_of(env, entry->memory);
  napi_ref reference;
  napi_get_undefined(env, &nobody);
  if (napi_call_function(env, nobody, value_of(env, state->read_buffer), 1,
                         &memory, &buffer) != napi_ok ||
      napi_create_reference(env, buffer, 1, &reference) != napi_ok)
    return false;
  napi_delete_reference(env, entry->buffer);
  entry->buffer = reference;
  return true;
}

static bool look_through_buffer(napi_env env, const struct entry *entry,
                                wasmsig_words *now) {
  bool shared;
  return bytes_of(env, value_of(env, entry->buffer), now, &shared) &&
         now->memory && now->length > 0;
}

/* Where a movable memory is now; false if that cannot be told now. */
static bool find_memory(napi_env env, struct realm_state *state,
                        struct entry *entry) {
  wasmsig_words now;
  if (!look_through_buffer(env, entry, &now) &&
      !(take_new_buffer(env, state, entry) &&
        look_through_buffer(env, entry, &now)))
    return false;
  state->bytes += now.length - entry->length;
  entry->length = now.length;
  entry->base = now.memory;
  return true;
}

static void sync_some(napi_env env, struct realm_state *state, size_t from,
                      size_t to) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  for (size_t at = from; at < to; at++) {
    struct entry *entry = &state->entries[at];
    if (find_memory(env, state, entry))
      wasmsig_instance_sync(state->registry, entry->handle, entry->base,
                            entry->length);
  }
  napi_close_handle_scope(env, scope);
}

void instances_sync(napi_env env, struct realm_state *state) {
  for (size_t from = 0; from < state->movables; from += LOOKS_IN_A_SCOPE) {
    size_t to = from + LOOKS_IN_A_SCOPE;
    sync_some(env, state, from, to < state->movables ? to : state->movables);
  }
}

/* readBuffersWith(function(memory)): what answers a memory's buffer. */
static napi_value read_buffers_with(napi_env env, napi_callback_info info) {
  napi_value given[1];
  struct realm_state *state = realm_state_of(env);
  arguments(env, info, given, 1);
  napi_create_reference(env, given[0], 1, &state->read_buffer);
  return NULL;
}

/* ----------------------------------------------------------------- track */

static bool make_room(napi_env env, struct realm_state *state) {
  look_at_some(env, state);
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

static uint64_t address_of(napi_env env, napi_value value) {
  double address = -1;
  napi_get_value_double(env, value, &address);
  return address >= 0 && address <= LARGEST_ADDRESS ? (uint64_t)address
                                                    : WASMSIG_NO_WORD;
}

/* A memory of another realm (a node:vm context) holds that realm, and so would
 * hold the instance if a global there names it: neither would ever go. What is
 * held instead is a buffer of our own over the same store, which V8 shares
 * among buffers (v8-array-buffer.h). Its two functions are declared here as
 * v8.h declares others. A std::shared_ptr comes back as any object that is
 * not returned in registers does; ArrayBuffer::New moves it away.
 *
 * Elsewhere, and for shared memories, the realm is held. */
struct shared_store {
  void *store, *count, *unused; /* three words: never returned in registers */
};
extern struct shared_store v8_store_of(napi_value buffer)
    V8_NAMED("_ZN2v811ArrayBuffer15GetBackingStoreEv");
extern napi_value v8_buffer_over(void *isolate, struct shared_store *store)
    V8_NAMED(
        "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_"
        "12BackingStoreEE");

static napi_value what_to_hold(napi_env env, const struct entry *entry,
                               napi_value memory, napi_value buffer,
                               napi_value foreign) {
  bool of_other_realm = false;
  napi_get_value_bool(env, foreign, &of_other_realm);
  if (!of_other_realm || entry->memory_class != WASMSIG_MEMORY_FIXED ||
      !v8_isolate_get_current || !v8_store_of || !v8_buffer_over)
    return memory;
  struct shared_store store = v8_store_of(buffer);
  napi_value own = v8_buffer_over(v8_isolate_get_current(), &store);
  return own ? own : memory;
}

static bool refer(napi_env env, struct entry *entry, napi_value instance,
                  napi_value memory, napi_value buffer) {
  return napi_create_reference(env, instance, 0, &entry->instance) == napi_ok &&
         napi_create_reference(env, memory, 1, &entry->memory) == napi_ok &&
         (entry->memory_class != WASMSIG_MEMORY_MOVABLE ||
          napi_create_reference(env, buffer, 1, &entry->buffer) == napi_ok);
}

static void put(struct realm_state *state, const struct entry *entry) {
  size_t at = state->count++;
  if (entry->memory_class == WASMSIG_MEMORY_MOVABLE) {
    state->entries[at] = state->entries[state->movables];
    at = state->movables++;
  }
  state->entries[at] = *entry;
  state->by_class[entry->memory_class]++;
  state->bytes += entry->length;
}

/* A MOVABLE memory's words that another instance of the same memory has already
 * are not zeroed by a further one: what waits there would be lost. The core
 * cannot tell, whose only name for such a memory is this instance. (Nor can we
 * if the memory has grown since the last call boundary.) */
struct known_words {
  uint32_t *signal; /* NULL: nobody has it */
  uint64_t *pending;
  uint32_t signal_was;
  uint64_t pending_was;
};

static bool has_memory(napi_env env, const struct entry *entry,
                       napi_value memory) {
  bool same = false;
  return napi_strict_equals(env, value_of(env, entry->memory), memory, &same) ==
             napi_ok &&
         same;
}

static struct known_words look_at_known(napi_env env,
                                        const struct realm_state *state,
                                        napi_value memory,
                                        const wasmsig_words *words) {
  struct known_words known = {NULL, NULL, 0, 0};
  char *base = words->memory;
  if (words->memory_class != WASMSIG_MEMORY_MOVABLE) return known;
  for (size_t i = 0; i < state->movables; i++) {
    const struct entry *entry = &state->entries[i];
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

static void put_back_known(const struct known_words *known) {
  if (known->signal) *known->signal = known->signal_was;
  if (known->pending) *known->pending = known->pending_was;
}

/* There is room. */
static int hold(napi_env env, struct realm_state *state, napi_value instance,
                napi_value memory, napi_value buffer, napi_value foreign,
                const wasmsig_words *words, wasmsig_instance *handle) {
  struct entry entry = {.memory_class = words->memory_class,
                        .length = words->length,
                        .base = words->memory,
                        .signal = words->signal,
                        .pending = words->pending};
  int error = WASMSIG_ENOMEM;
  struct known_words known = look_at_known(env, state, memory, words);
  napi_value held = what_to_hold(env, &entry, memory, buffer, foreign);
  if (refer(env, &entry, instance, held, buffer))
    error = wasmsig_instance_add(state->registry, words, &entry.handle);
  if (error) {
    delete_references(env, &entry);
    return error;
  }
  put_back_known(&known);
  put(state, &entry);
  state->handle_tag = entry.handle & HANDLE_TAG;
  *handle = entry.handle;
  return WASMSIG_OK;
}

/* track(instance, memory, bytes, signal, terminated, pending, foreign,
 * largest, handled): the id of the tracked instance, or a negative error.
 * `bytes` are the memory's: its buffer, or a Uint8Array over it if it is
 * shared. Addresses that are no number of at least 0 are absent. `foreign`: the
 * memory is of another realm. `largest`: bytes that it can grow to, if that is
 * known. */
static napi_value track(napi_env env, napi_callback_info info) {
  napi_value given[9];
  struct realm_state *state = realm_state_of(env);
  wasmsig_words words = WASMSIG_WORDS_INIT;
  wasmsig_instance handle = 0;
  bool shared = false;
  arguments(env, info, given, 9);
  if (!bytes_of(env, given[2], &words, &shared))
    return make_number(env, WASMSIG_EINVAL);
  words.signal = address_of(env, given[3]);
  words.terminated = address_of(env, given[4]);
  words.pending = address_of(env, given[5]);
  words.handled = address_of(env, given[8]);
  uint64_t largest = address_of(env, given[7]);
  if (largest == WASMSIG_NO_WORD) largest = LARGEST_MEMORY;
  words.memory_class = wasmsig_memory_classify(
      words.memory, words.length, largest,
      shared ? 0 : engine_reservation(&words, largest), shared);
  int error = WASMSIG_ENOMEM;
  if (make_room(env, state))
    error = hold(env, state, given[0], given[1], given[2], given[6], &words,
                 &handle);
  return make_number(env, error ? error : (double)(handle & ~HANDLE_TAG));
}

/* sweep(): at once; how many are tracked then. */
static napi_value sweep_now(napi_env env, napi_callback_info info) {
  (void)info;
  struct realm_state *state = realm_state_of(env);
  sweep(env, state);
  return make_number(env, (double)state->count);
}

/* ------------------------------------------------------------ statistics */

/* stats(into): FIXED, SHARED, MOVABLE, collected, sweeps, raises, softLimits,
 * kills as properties of `into`. */
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
      {"MOVABLE", state->by_class[WASMSIG_MEMORY_MOVABLE]},
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
  define(env, exports, "readBuffersWith", read_buffers_with);
  define(env, exports, "track", track);
  define(env, exports, "sweep", sweep_now);
  define(env, exports, "stats", stats);
}
