/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime: finds the words and memory 0 of an instance, and tracks it.
 *
 * Why no signal is written outside of the words:
 *  1. the module's bytes or the embedder name memory 0; without either the
 *     instance is not tracked. A memory of the words' own has its name
 *  2. addresses and length are read from the instance itself; the registry
 *     checks the addresses against the length before it writes
 *  3. a memory is FIXED only if the engine reserves its maximum size, as the
 *     embedder states, and the system does not refute it; for a MOVABLE memory
 *     the thread that runs the store reads the base again at each sync
 *  4. an instance is untracked before the store unmaps its memory: by untrack,
 *     or by the finalizer, which Wasmtime calls before that
 */
#include "wasmsig/wasmtime.h"

#include "module/verdict_of_error.h"

#include <string.h>

/* The current state of memory 0. */
struct memory {
  uint8_t *base;
  uint64_t length;
  uint64_t max_length;
  bool is_64_bit;
  bool is_shared;
  wasmtime_memory_t handle; /* not set for a shared memory */
};

#define LENGTH_32_BIT (UINT64_C(1) << 32)

static void read_limits(const wasm_memorytype_t *type, struct memory *memory) {
  uint64_t pages;
  uint64_t page = wasmtime_memorytype_page_size(type);
  memory->is_64_bit = wasmtime_memorytype_is64(type);
  memory->max_length = memory->is_64_bit ? UINT64_MAX : LENGTH_32_BIT;
  if (wasmtime_memorytype_maximum(type, &pages) &&
      pages < memory->max_length / page)
    memory->max_length = pages * page;
}

static void read_plain_memory(wasmtime_context_t *context,
                              const wasmtime_memory_t *handle,
                              struct memory *memory) {
  wasm_memorytype_t *type = wasmtime_memory_type(context, handle);
  read_limits(type, memory);
  wasm_memorytype_delete(type);
  memory->is_shared = false;
  memory->handle = *handle;
  memory->base = wasmtime_memory_data(context, handle);
  memory->length = wasmtime_memory_data_size(context, handle);
}

/* The tracked instance keeps its shared memory alive. */
static void read_shared_memory(const wasmtime_sharedmemory_t *handle,
                               struct memory *memory) {
  wasm_memorytype_t *type = wasmtime_sharedmemory_type(handle);
  read_limits(type, memory);
  wasm_memorytype_delete(type);
  memory->is_shared = true;
  memory->base = wasmtime_sharedmemory_data(handle);
  memory->length = wasmtime_sharedmemory_data_size(handle);
}

/* False: the item is no memory. */
static bool read_memory(wasmtime_context_t *context,
                        const wasmtime_extern_t *item, struct memory *memory) {
  memset(memory, 0, sizeof *memory);
  if (item->kind == WASMTIME_EXTERN_MEMORY)
    read_plain_memory(context, &item->of.memory, memory);
  else if (item->kind == WASMTIME_EXTERN_SHAREDMEMORY)
    read_shared_memory(item->of.sharedmemory, memory);
  else
    return false;
  return true;
}

static bool read_exported_memory(wasmtime_context_t *context,
                                 const wasmtime_instance_t *instance,
                                 const wasmsig_module_name *name,
                                 struct memory *memory) {
  wasmtime_extern_t item;
  if (name->bytes == NULL ||
      !wasmtime_instance_export_get(context, instance, name->bytes,
                                    name->length, &item))
    return false;
  bool found = read_memory(context, &item, memory);
  wasmtime_extern_delete(&item);
  return found;
}

/* Returns a verdict; TRACKED: memory 0 was found. */
static int find_memory(wasmtime_context_t *context,
                       const wasmtime_instance_t *instance,
                       const wasmsig_module_report *report,
                       const wasmtime_extern_t *given, struct memory *memory) {
  if (report == NULL)
    return given != NULL && read_memory(context, given, memory)
               ? WASMSIG_VERDICT_TRACKED
               : WASMSIG_VERDICT_HIDDEN_MEMORY;
  if (!wasmsig_verdict_is_readable(report->verdict))
    return (int)report->verdict;
  if (report->memory.count == 0) return WASMSIG_VERDICT_NO_MEMORY;
  if (report->memory.is_exported &&
      read_exported_memory(context, instance, &report->memory.export_name,
                           memory))
    return WASMSIG_VERDICT_TRACKED;
  if (report->memory.is_imported && given != NULL &&
      read_memory(context, given, memory))
    return WASMSIG_VERDICT_TRACKED;
  return WASMSIG_VERDICT_HIDDEN_MEMORY;
}

/* False: the item is no address in such a memory. */
static bool read_address(wasmtime_context_t *context,
                         const wasmtime_extern_t *item, bool is_64_bit,
                         uint64_t *address) {
  if (item->kind != WASMTIME_EXTERN_GLOBAL) return false;
  wasm_globaltype_t *type = wasmtime_global_type(context, &item->of.global);
  bool is_constant = wasm_globaltype_mutability(type) == WASM_CONST;
  wasm_valkind_t kind = wasm_valtype_kind(wasm_globaltype_content(type));
  wasm_globaltype_delete(type);
  if (!is_constant || kind != (is_64_bit ? WASM_I64 : WASM_I32)) return false;
  wasmtime_val_t value;
  wasmtime_global_get(context, &item->of.global, &value);
  *address = is_64_bit ? (uint64_t)value.of.i64 : (uint32_t)value.of.i32;
  return true;
}

/* False: the instance has no export of the word's name. */
static bool get_word(wasmtime_context_t *context,
                     const wasmtime_instance_t *instance, int word,
                     wasmtime_extern_t *item) {
  const char *name = wasmsig_word_name(word);
  return wasmtime_instance_export_get(context, instance, name, strlen(name),
                                      item);
}

/* Returns a verdict: TRACKED, NO_WORDS or NOT_AN_ADDRESS. */
static int read_words(wasmtime_context_t *context,
                      const wasmtime_instance_t *instance, bool is_64_bit,
                      wasmsig_words *words) {
  uint64_t *const addresses[WASMSIG_WORD_COUNT] = {
      [WASMSIG_WORD_SIGNAL] = &words->signal,
      [WASMSIG_WORD_TERMINATED] = &words->terminated,
      [WASMSIG_WORD_PENDING] = &words->pending,
      [WASMSIG_WORD_HANDLED] = &words->handled,
  };
  int verdict = WASMSIG_VERDICT_NO_WORDS;
  for (int word = 0; word < WASMSIG_WORD_COUNT; word++) {
    wasmtime_extern_t item;
    if (!get_word(context, instance, word, &item)) continue;
    bool is_address = read_address(context, &item, is_64_bit, addresses[word]);
    wasmtime_extern_delete(&item);
    if (!is_address) return WASMSIG_VERDICT_NOT_AN_ADDRESS;
    if (word != WASMSIG_WORD_HANDLED) verdict = WASMSIG_VERDICT_TRACKED;
  }
  return verdict;
}

/* Whether it exports one of the first `count` words. */
static bool has_words(wasmtime_context_t *context,
                      const wasmtime_instance_t *instance, int count) {
  for (int word = 0; word < count; word++) {
    wasmtime_extern_t item;
    if (!get_word(context, instance, word, &item)) continue;
    wasmtime_extern_delete(&item);
    return true;
  }
  return false;
}

/* What Wasmtime 50 reserves by default on 64-bit hosts: Tunables::default_u64
 * in wasmtime-environ's tunables.rs. */
#define DEFAULT_RESERVATION LENGTH_32_BIT
#define DEFAULT_GUARD (UINT64_C(32) << 20)

static bool is_reserved(const uint8_t *base, uint64_t length, uint64_t size) {
  return wasmsig_memory_classify(base, length, size, size, false) ==
         WASMSIG_MEMORY_FIXED;
}

/* Whether everything is mapped that an engine maps for a memory by default. */
static bool has_default_layout(const struct memory *memory) {
  return is_reserved(memory->base - DEFAULT_GUARD, 0, DEFAULT_GUARD) &&
         is_reserved(memory->base, memory->length,
                     DEFAULT_RESERVATION + DEFAULT_GUARD);
}

/* The size that the engine reserves, as the embedder states it. */
static uint64_t reservation(const struct memory *memory, uint64_t stated) {
  if (stated != WASMSIG_WASMTIME_DEFAULT) return stated;
  return !memory->is_shared && has_default_layout(memory) ? DEFAULT_RESERVATION
                                                          : 0;
}

/* The reservation does not show whether this thread may write there. */
static wasmsig_memory_class classify(const struct memory *memory,
                                     const wasmsig_wasmtime_options *options) {
  wasmsig_memory_class memory_class = wasmsig_memory_classify(
      memory->base, memory->length, memory->max_length,
      reservation(memory, options->memory_reservation), memory->is_shared);
  if (options->has_protection_keys && memory_class == WASMSIG_MEMORY_FIXED)
    return WASMSIG_MEMORY_GUARDED;
  return memory_class;
}

static int add(const struct memory *memory, wasmsig_words *words,
               const wasmsig_wasmtime_options *options,
               wasmsig_wasmtime_tracked *tracked) {
  words->memory = memory->base;
  words->length = memory->length;
  words->memory_class = classify(memory, options);
  tracked->memory_class = words->memory_class;
  tracked->memory = memory->handle;
  return wsig_verdict_of_error(
      wasmsig_instance_add(tracked->registry, words, &tracked->instance));
}

static int track(wasmtime_context_t *context,
                 const wasmtime_instance_t *instance,
                 const wasmsig_module_report *report,
                 const wasmsig_wasmtime_options *options,
                 wasmsig_wasmtime_tracked *tracked) {
  struct memory memory;
  int verdict =
      find_memory(context, instance, report, options->memory, &memory);
  if (verdict != WASMSIG_VERDICT_TRACKED) return verdict;

  wasmsig_words words = WASMSIG_WORDS_INIT;
  verdict = read_words(context, instance, memory.is_64_bit, &words);
  if (verdict != WASMSIG_VERDICT_TRACKED) return verdict;
  return add(&memory, &words, options, tracked);
}

/* --------------------------------------------- a memory of the words' own */

static bool find_own_memory(wasmtime_context_t *context,
                            const wasmtime_instance_t *instance,
                            struct memory *memory) {
  enum { PAGE = 65536 };
  static char bytes[] = WASMSIG_OWN_MEMORY;
  const wasmsig_module_name name = {bytes, sizeof bytes - 1};
  return read_exported_memory(context, instance, &name, memory) &&
         !memory->is_shared && !memory->is_64_bit && memory->length == PAGE &&
         memory->max_length == PAGE;
}

/* For an instance that exports none of the first three words. */
static int track_own_memory(wasmtime_context_t *context,
                            const wasmtime_instance_t *instance,
                            const wasmsig_wasmtime_options *options,
                            wasmsig_wasmtime_tracked *tracked) {
  struct memory memory;
  if (has_words(context, instance, WASMSIG_WORD_COUNT) ||
      !find_own_memory(context, instance, &memory))
    return WASMSIG_VERDICT_NO_WORDS;
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.signal = wasmsig_own_memory_address(WASMSIG_WORD_SIGNAL);
  words.terminated = wasmsig_own_memory_address(WASMSIG_WORD_TERMINATED);
  words.pending = wasmsig_own_memory_address(WASMSIG_WORD_PENDING);
  words.handled = wasmsig_own_memory_address(WASMSIG_WORD_HANDLED);
  return add(&memory, &words, options, tracked);
}

/* -------------------------------------------------------------------- all */

/* Inspects the bytes if there is no report. */
static int track_with(wasmtime_context_t *context,
                      const wasmtime_instance_t *instance,
                      const wasmsig_wasmtime_options *options,
                      wasmsig_wasmtime_tracked *tracked) {
  if (!has_words(context, instance, WASMSIG_WORD_HANDLED))
    return track_own_memory(context, instance, options, tracked);
  if (options->report != NULL || options->wasm == NULL)
    return track(context, instance, options->report, options, tracked);
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  int result = wasmsig_module_inspect(options->wasm, options->wasm_length, NULL,
                                      &report);
  if (result != 0) return result;
  result = track(context, instance, &report, options, tracked);
  wasmsig_module_report_release(&report);
  return result;
}

int wasmsig_wasmtime_track(wasmsig_registry *registry,
                           wasmtime_context_t *context,
                           const wasmtime_instance_t *instance,
                           const wasmsig_wasmtime_options *options,
                           wasmsig_wasmtime_tracked *tracked) {
  wasmsig_wasmtime_tracked found = {.registry = registry, .context = context};
  if (tracked != NULL) *tracked = found;
  if (registry == NULL || context == NULL || instance == NULL ||
      options == NULL || options->size < sizeof *options)
    return WASMSIG_EINVAL;
  int result = track_with(context, instance, options, &found);
  if (result >= 0 && tracked != NULL) *tracked = found;
  return result;
}

int wasmsig_wasmtime_sync(const wasmsig_wasmtime_tracked *tracked) {
  if (tracked == NULL) return WASMSIG_EINVAL;
  if (tracked->instance == 0 || tracked->memory_class != WASMSIG_MEMORY_MOVABLE)
    return 0;
  return wasmsig_instance_sync(
      tracked->registry, tracked->instance,
      wasmtime_memory_data(tracked->context, &tracked->memory),
      wasmtime_memory_data_size(tracked->context, &tracked->memory));
}

int wasmsig_wasmtime_untrack(wasmsig_wasmtime_tracked *tracked) {
  if (tracked == NULL) return WASMSIG_EINVAL;
  if (tracked->instance == 0) return 0;
  int error = wasmsig_instance_remove(tracked->registry, tracked->instance);
  tracked->instance = 0;
  return error;
}

void wasmsig_wasmtime_finalizer(void *registry) {
  (void)wasmsig_registry_destroy(registry);
}
