/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sync: what waits for an instance in a MOVABLE memory is put there by its
 * owner, at a call boundary, where the memory cannot move.
 *
 * A raise stores the bit, then the number (release). Sync takes the number
 * (acquire), then the bits: the number's bit is among them. A raise in between
 * leaves a number whose bit was taken already; it is put there by the next
 * sync. Nothing is lost, and nothing is written by any other thread.
 */
#include "atomics.h"
#include "signals/registry.h"
#include "test_points.h"

/* The only signal that reaches an instance which says that it is dead. */
#define SIGKILL_BIT (UINT64_C(1) << (WASMSIG_SIGKILL - 1))

static bool inside(uint64_t address, uint64_t size, uint64_t length) {
  return address == WASMSIG_NO_WORD ||
         (size <= length && address <= length - size);
}

static void *at(void *memory, uint64_t address) {
  return address == WASMSIG_NO_WORD ? NULL : (char *)memory + address;
}

static void take_back(uint32_t *signal, uint64_t *pending, uint64_t bits) {
  if (pending) wsig_and_relaxed(pending, ~bits);
  if (!signal) return;
  uint32_t waiting = wsig_load_relaxed(signal);
  bool meant =
      bits == UINT64_MAX || (waiting >= 1 && waiting <= WASMSIG_SIGNAL_MAX &&
                             bits >> (waiting - 1) & 1);
  if (!meant || !wsig_cas_relaxed(signal, &waiting, 0)) return;
  uint64_t left = pending ? wsig_load_relaxed(pending) : 0;
  uint32_t none = 0;
  /* What waits under it must be told of again. */
  if (left)
    wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);
}

/* Puts what waits into the words; answers whether a signal did. */
static bool deliver(struct wsig_movable *movable, void *memory) {
  uint32_t *signal = at(memory, movable->signal);
  uint32_t *terminated = at(memory, movable->terminated);
  uint64_t *pending = at(memory, movable->pending);
  uint64_t withdrawn = wsig_exchange_acquire(&movable->withdrawn, 0);
  wsig_test_point(WSIG_POINT_SYNC_CLEARED);
  uint32_t newest = wsig_exchange_acquire(&movable->newest, 0);
  wsig_test_point(WSIG_POINT_SYNC_NEWEST);
  uint64_t raised = wsig_exchange_acquire(&movable->raised, 0);
  wsig_test_point(WSIG_POINT_SYNC_RAISED);
  if (withdrawn) take_back(signal, pending, withdrawn);
  bool told = terminated && wsig_load_acquire(&movable->terminate);
  if (told) wsig_store_release(terminated, 1);
  bool dead = terminated && wsig_load_relaxed(terminated) != 0;
  wsig_store_relaxed(&movable->dead, dead);
  wsig_test_point(WSIG_POINT_SYNC_DEAD);
  /* Release: a raise that finds it 0 again finds `dead`. */
  if (told) wsig_store_release(&movable->terminate, 0);
  if (dead) {
    raised &= SIGKILL_BIT;
    newest = raised ? WASMSIG_SIGKILL : 0;
  }
  if (pending && raised) wsig_or_release(pending, raised);
  /* The newest was taken back, others were not. */
  if (!newest && pending && raised)
    newest = (uint32_t)__builtin_ctzll(raised) + 1;
  /* Release: a guest that reads the number finds the bits. */
  if (signal && newest) wsig_store_release(signal, newest);
  return newest || (pending && raised);
}

int wasmsig_instance_sync(wasmsig_registry *registry, wasmsig_instance instance,
                          void *memory, uint64_t length) {
  if (!registry || !memory) return WASMSIG_EINVAL;
  if ((uintptr_t)memory % 8 != 0) return WASMSIG_EALIGN;
  uintptr_t place;
  int error = wsig_registry_memory(registry, instance, &place);
  if (error) return error;
  if (wsig_class_of(place) != WASMSIG_MEMORY_MOVABLE) return 0;
  struct wsig_movable *movable = wsig_movable_of(place);
  if (!inside(movable->signal, 4, length) ||
      !inside(movable->terminated, 4, length) ||
      !inside(movable->pending, 8, length))
    return WASMSIG_ERANGE;
  return deliver(movable, memory);
}
