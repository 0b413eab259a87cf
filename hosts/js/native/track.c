/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a new instance becomes a tracked one. */
#include "addon.h"
#include "instances.h"
#include "memory_reservation.h"
#include "movable_memories.h"
#include "realm.h"
#include "v8.h"

#include "module/verdict_of_error.h"

#define LARGEST_MEMORY (UINT64_C(1) << 32) /* with 32-bit addresses, bytes */
#define LARGEST_ADDRESS 9007199254740991.0 /* that a double holds exactly */

static uint64_t address_of(napi_env env, napi_value value) {
  double address = -1;
  napi_get_value_double(env, value, &address);
  return address >= 0 && address <= LARGEST_ADDRESS ? (uint64_t)address
                                                    : WASMSIG_NO_WORD;
}

/* A memory of another realm (a node:vm context) keeps that realm alive, and
 * with it the instance, if a global there refers to it: neither would ever be
 * collected. So the table holds a buffer of our own over the same store
 * instead: V8 shares a store among buffers (v8-array-buffer.h). The two
 * functions for that are declared here as v8.h declares others. A
 * std::shared_ptr is returned as any object that does not fit into registers;
 * ArrayBuffer::New takes it over.
 *
 * Elsewhere, and for shared memories, the realm is kept alive. */
struct shared_store {
  void *store, *count, *unused; /* three words: never returned in registers */
};
extern struct shared_store v8_store_of(napi_value buffer)
    V8_NAMED("_ZN2v811ArrayBuffer15GetBackingStoreEv");
extern napi_value v8_buffer_over(void *isolate, struct shared_store *store)
    V8_NAMED(
        "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_"
        "12BackingStoreEE");

/* What lib/ passes of an instance. */
struct tracking {
  napi_value instance, memory, buffer;
  bool is_of_other_realm;
  wasmsig_words words;
};

static napi_value what_to_hold(const struct tracking *tracking) {
  if (!tracking->is_of_other_realm ||
      tracking->words.memory_class != WASMSIG_MEMORY_FIXED ||
      !v8_isolate_get_current || !v8_store_of || !v8_buffer_over)
    return tracking->memory;
  struct shared_store store = v8_store_of(tracking->buffer);
  napi_value own = v8_buffer_over(v8_isolate_get_current(), &store);
  return own ? own : tracking->memory;
}

static bool refer(napi_env env, const struct tracking *tracking,
                  struct tracked_instance *entry) {
  return napi_create_reference(env, tracking->instance, 0, &entry->instance) ==
             napi_ok &&
         napi_create_reference(env, what_to_hold(tracking), 1,
                               &entry->memory) == napi_ok &&
         (entry->memory_class != WASMSIG_MEMORY_MOVABLE ||
          napi_create_reference(env, tracking->buffer, 1, &entry->buffer) ==
              napi_ok);
}

/* There is room. */
static int add(napi_env env, struct realm *realm,
               const struct tracking *tracking, wasmsig_instance *handle) {
  const wasmsig_words *words = &tracking->words;
  struct tracked_instance entry = {.memory_class = words->memory_class,
                                   .length = words->length,
                                   .base = words->memory,
                                   .signal = words->signal,
                                   .pending = words->pending};
  int error = WASMSIG_ENOMEM;
  struct known_words known =
      known_words_save(env, realm, tracking->memory, words);
  if (refer(env, tracking, &entry))
    error = wasmsig_instance_add(realm->registry, words, &entry.handle);
  if (error) {
    instance_delete_references(env, &entry);
    return error;
  }
  known_words_restore(&known);
  instances_put(realm, &entry);
  *handle = entry.handle;
  return WASMSIG_OK;
}

static wasmsig_memory_class class_of(const wasmsig_words *words,
                                     uint64_t largest, bool shared) {
  uint64_t reserved = shared ? 0 : memory_reservation(words, largest);
  return wasmsig_memory_classify(words->memory, words->length, largest,
                                 reserved, shared);
}

/* track(instance, memory, bytes, signal, terminated, pending, isOfOtherRealm,
 * largest, handled): the id of the tracked instance, or a negative error.
 * `bytes` are the memory's: its buffer, or a Uint8Array over it if it is
 * shared. An address below 0 is absent. `isOfOtherRealm` is about the memory.
 * `largest`: bytes that it can grow to, if that is known. */
static napi_value track(napi_env env, napi_callback_info info) {
  napi_value given[9];
  struct realm *realm = realm_of(env);
  struct tracking tracking = {.words = WASMSIG_WORDS_INIT};
  wasmsig_words *words = &tracking.words;
  wasmsig_instance handle = 0;
  bool shared = false;
  arguments(env, info, given, 9);
  tracking.instance = given[0];
  tracking.memory = given[1];
  tracking.buffer = given[2];
  tracking.is_of_other_realm = bool_of(env, given[6]);
  if (!memory_of_buffer(env, tracking.buffer, words, &shared))
    return make_number(env, WASMSIG_EINVAL);
  words->signal = address_of(env, given[3]);
  words->terminated = address_of(env, given[4]);
  words->pending = address_of(env, given[5]);
  words->handled = address_of(env, given[8]);
  uint64_t largest = address_of(env, given[7]);
  if (largest == WASMSIG_NO_WORD) largest = LARGEST_MEMORY;
  words->memory_class = class_of(words, largest, shared);
  int error = WASMSIG_ENOMEM;
  if (instances_make_room(env, realm))
    error = add(env, realm, &tracking, &handle);
  return make_number(env, error ? error : instance_id(handle));
}

/* reasonOfError(error): the reason that stats() counts for an error of track();
 * undefined if it is not the module's fault. */
static napi_value reason_of_error(napi_env env, napi_callback_info info) {
  napi_value given[1], reason = NULL;
  arguments(env, info, given, 1);
  int verdict = wsig_verdict_of_error((int)number_of(env, given[0]));
  if (verdict > 0)
    napi_create_string_utf8(env, wasmsig_verdict_code((wasmsig_verdict)verdict),
                            NAPI_AUTO_LENGTH, &reason);
  return reason;
}

void define_track(napi_env env, napi_value exports) {
  define(env, exports, "track", track);
  define(env, exports, "reasonOfError", reason_of_error);
}
