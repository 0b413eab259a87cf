/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_component_signals.h"

#include <stddef.h>
#include <stdint.h>

static struct words {
  _Alignas(64) uint64_t pending;
  uint64_t handled;
  uint32_t signal;
} words; /* atomic */

static wasmsig_instance tracked; /* 0: none */

/* The word first, then the set: as guests do. So a signal that comes between
 * the two is in the result, and its word makes the next call return early with
 * an empty set. */
static uint64_t take(uint64_t handled) {
  __atomic_store_n(&words.handled, handled, __ATOMIC_RELEASE);
  if (__atomic_load_n(&words.signal, __ATOMIC_RELAXED) == 0) return 0;
  __atomic_exchange_n(&words.signal, 0, __ATOMIC_ACQ_REL);
  return __atomic_exchange_n(&words.pending, 0, __ATOMIC_ACQ_REL);
}

wasmtime_error_t *cli_component_signals_take(
    void *unused, wasmtime_context_t *context,
    const wasmtime_component_func_type_t *type,
    wasmtime_component_val_t *arguments, size_t argument_count,
    wasmtime_component_val_t *results, size_t result_count) {
  (void)unused, (void)context, (void)type;
  if (argument_count != 1 || result_count != 1 ||
      arguments[0].kind != WASMTIME_COMPONENT_U64)
    return wasmtime_error_new(
        "the component imports take of wasmsig:signals with another type: it "
        "is func(handled: u64) -> u64");
  results[0] = (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_U64,
                                          .of.u64 = take(arguments[0].of.u64)};
  return NULL;
}

int cli_component_signals_track(wasmsig_registry *registry,
                                wasmsig_instance *instance) {
  wasmsig_words places = WASMSIG_WORDS_INIT;
  places.memory = &words;
  places.length = sizeof words;
  places.memory_class = WASMSIG_MEMORY_FIXED;
  places.signal = offsetof(struct words, signal);
  places.pending = offsetof(struct words, pending);
  places.handled = offsetof(struct words, handled);
  int error = wasmsig_instance_add(registry, &places, &tracked);
  *instance = tracked;
  return error;
}

void cli_component_signals_untrack(wasmsig_registry *registry) {
  if (tracked != 0) wasmsig_instance_remove(registry, tracked);
  tracked = 0;
}
