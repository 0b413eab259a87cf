/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which signal waits for an instance, and for how many instances of the process
 * one signal waits. The words are read, never written. Like
 * raise.c this may run in a signal handler, and its walk keeps what it reads
 * from being released. The guest may write what it likes into the words: the
 * answer may be out of date or wrong, and is never used as an address.
 */
#include "os/handler.h"
#include "signals/acknowledged.h"
#include "signals/walk.h"

static uint32_t lowest(uint64_t pending) {
  return pending ? (uint32_t)__builtin_ctzll(pending) + 1 : 0;
}

static uint32_t waits_aside(const struct wsig_chunk *chunk, uintptr_t memory,
                            uint32_t slot) {
  uint32_t value = 0;
  if (wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE)
    return lowest(wsig_load_relaxed(&wsig_movable_of(memory)->raised));
  if (chunk->signal[slot]) wsig_os_peek(chunk->signal[slot], &value);
  return value;
}

static uint64_t visit_waiting(struct wsig_chunk *chunk,
                              struct wsig_chunk_cold *cold,
                              const struct wsig_chunk *next, uint64_t slots,
                              void *context) {
  uint32_t *waits = context;
  uint32_t slot = (uint32_t)__builtin_ctzll(slots);
  const uint64_t *pending = cold->pending[slot];
  (void)next;
  if (wsig_load_relaxed(&chunk->aside) >> slot & 1)
    *waits = waits_aside(chunk, cold->memory[slot], slot);
  else if (chunk->signal[slot])
    *waits = wsig_load_relaxed(chunk->signal[slot]);
  else if (pending)
    *waits = lowest(wsig_load_relaxed(pending));
  return 1;
}

int wasmsig_instance_waiting(wasmsig_registry *registry,
                             wasmsig_instance instance) {
  uint32_t waits = 0;
  if (!registry) return WASMSIG_EINVAL;
  if (!wsig_load_relaxed(&registry->live)) return WASMSIG_EDEAD;
  int64_t found =
      wsig_walk_instance(registry, instance, visit_waiting, false, &waits);
  if (found < 0) return (int)found;
  return waits <= WASMSIG_SIGNAL_MAX ? (int)waits : WASMSIG_SIGNAL_MAX;
}

/* ------------------------------------------------------- one signal, anywhere
 */

static bool waits_here(const struct wsig_chunk *chunk,
                       const struct wsig_chunk_cold *cold, uint32_t slot,
                       uint32_t signal) {
  const uint64_t *set = cold->pending[slot];
  const uint32_t *word = chunk->signal[slot];
  bool in_set = set && wsig_load_relaxed(set) & wsig_bit_of(signal);
  return wsig_still_waits(signal, word, set, in_set);
}

static bool waits_there(const struct wsig_chunk *chunk, uintptr_t memory,
                        uint32_t slot, uint32_t signal) {
  uint32_t value = 0;
  if (wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE)
    return wsig_load_relaxed(&wsig_movable_of(memory)->raised) &
           wsig_bit_of(signal);
  return chunk->signal[slot] && wsig_os_peek(chunk->signal[slot], &value) &&
         value == signal;
}

static uint64_t visit_waiting_for(struct wsig_chunk *chunk,
                                  struct wsig_chunk_cold *cold,
                                  const struct wsig_chunk *next, uint64_t slots,
                                  void *context) {
  uint32_t signal = *(const uint32_t *)context;
  uint64_t aside = wsig_load_relaxed(&chunk->aside);
  uint64_t counted = 0;
  (void)next;
  for (uint64_t left = slots; left; left &= left - 1) {
    uint32_t slot = (uint32_t)__builtin_ctzll(left);
    counted += aside >> slot & 1
                   ? waits_there(chunk, cold->memory[slot], slot, signal)
                   : waits_here(chunk, cold, slot, signal);
  }
  return counted;
}

uint64_t wsig_process_waiting_for(int signal) {
  uint32_t number = (uint32_t)signal;
  return wsig_walk_process(visit_waiting_for, false, &number);
}

uint64_t wsig_registry_waiting_for(wasmsig_registry *registry, int signal) {
  uint32_t number = (uint32_t)signal;
  int64_t count =
      wsig_walk_registry(registry, wsig_load_relaxed(&registry->tag),
                         visit_waiting_for, false, &number);
  return count > 0 ? (uint64_t)count : 0;
}
