/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Instances in MOVABLE memories: a raise only notes the signal. The owner of
 * the instance writes it into the memory by a sync, at a call boundary, where
 * the memory cannot move.
 *
 * A raise stores the bit, then the number (release). Sync takes the number
 * (acquire), then the bits: the number's bit is among them. A raise in between
 * leaves a number whose bit was already taken; the next sync writes it. So no
 * signal is lost, and no other thread writes to the memory.
 */
#include "atomics.h"
#include "signals/registry.h"
#include "test_points.h"

/* The only signal that reaches an instance that says that it is dead. */
#define SIGKILL_BIT (UINT64_C(1) << (WASMSIG_SIGKILL - 1))

static bool inside(uint64_t address, uint64_t size, uint64_t length) {
  return address == WASMSIG_NO_WORD ||
         (size <= length && address <= length - size);
}

static void *at(void *memory, uint64_t address) {
  return address == WASMSIG_NO_WORD ? NULL : (char *)memory + address;
}

static void clear_delivered(uint32_t *signal, uint64_t *pending,
                            uint64_t bits) {
  if (pending) wsig_and_relaxed(pending, ~bits);
  if (!signal) return;
  uint32_t waiting = wsig_load_relaxed(signal);
  bool meant =
      bits == UINT64_MAX || (waiting >= 1 && waiting <= WASMSIG_SIGNAL_MAX &&
                             bits >> (waiting - 1) & 1);
  if (!meant || !wsig_cas_relaxed(signal, &waiting, 0)) return;
  uint64_t left = pending ? wsig_load_relaxed(pending) : 0;
  uint32_t none = 0;
  /* A signal that still waits in the set is announced by the word again. */
  if (left)
    wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);
}

/* Writes what waits into the words; answers whether that was a signal. */
static bool deliver(struct wsig_movable *movable, void *memory) {
  uint32_t *signal = at(memory, movable->signal);
  uint32_t *terminated = at(memory, movable->terminated);
  uint64_t *pending = at(memory, movable->pending);
  uint64_t cleared = wsig_exchange_acquire(&movable->cleared, 0);
  wsig_test_point(WSIG_POINT_SYNC_CLEARED);
  uint32_t newest = wsig_exchange_acquire(&movable->newest, 0);
  wsig_test_point(WSIG_POINT_SYNC_NEWEST);
  uint64_t raised = wsig_exchange_acquire(&movable->raised, 0);
  wsig_test_point(WSIG_POINT_SYNC_RAISED);
  if (cleared) clear_delivered(signal, pending, cleared);
  bool terminates = terminated && wsig_load_acquire(&movable->terminate);
  if (terminates) wsig_store_release(terminated, 1);
  bool dead = terminated && wsig_load_relaxed(terminated) != 0;
  wsig_store_relaxed(&movable->dead, dead);
  wsig_test_point(WSIG_POINT_SYNC_DEAD);
  /* Release: a raise that reads 0 again reads `dead`. */
  if (terminates) wsig_store_release(&movable->terminate, 0);
  if (dead) {
    raised &= SIGKILL_BIT;
    newest = raised ? WASMSIG_SIGKILL : 0;
  }
  if (pending && raised) wsig_or_release(pending, raised);
  /* The newest signal was cleared, others were not. */
  if (!newest && pending && raised)
    newest = (uint32_t)__builtin_ctzll(raised) + 1;
  /* Release: a guest that reads the number reads the bits. */
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
