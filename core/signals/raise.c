/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Raise, clear and terminate: the walks that write guests' words, in any thread
 * and in signal handlers.
 *
 * No code here locks, allocates, waits or calls a function that does. The
 * system's functions that it calls are async-signal-safe (POSIX.1-2017, 2.4.3).
 * Why a walk ends, and stores to no word that a remove has released: walk.h.
 *
 * Every store goes to an address that was checked when the instance was added.
 * The guest may change the words at every moment: their values are only
 * compared, and never used as an address.
 *
 * A terminated word that is not 0 blocks every signal except SIGKILL. SIGKILL
 * stops a guest where the engine cannot; so it must also stop a guest that says
 * that it is dead and runs on.
 */
#include "signals/registry.h"

#include "os/handler.h"
#include "signals/acknowledged.h"
#include "signals/walk.h"

/* Loops over the slots in a set of bits. */
#define FOR_SLOTS(slot, slots)                                   \
  for (uint64_t left_ = (slots), slot = 0;                       \
       left_ && (slot = (uint64_t)__builtin_ctzll(left_), true); \
       left_ &= left_ - 1)

/* The same in runs of neighbours, from..to-1: usually all slots are used. */
#define FOR_RUNS(from, to, slots)                         \
  for (uint64_t left_ = (slots), from = 0, to = 0;        \
       left_ && (from = (uint64_t)__builtin_ctzll(left_), \
                to = run_end(left_, from), true);         \
       left_ &= to < WSIG_SLOTS ? UINT64_MAX << to : 0)

/* The end of the run of ones that begins at `from`. */
static uint64_t run_end(uint64_t slots, uint64_t from) {
  uint64_t gaps = ~slots & UINT64_MAX << from;
  return gaps ? (uint64_t)__builtin_ctzll(gaps) : WSIG_SLOTS;
}

/*
 * Prefetches the signal word of the next chunk's slot of that number: a chunk's
 * words are loaded while those of the chunk before are written. A locked
 * operation keeps the processor from running that far ahead by itself; with
 * plain stores it does, and a prefetch would gain nothing (bench/README.md).
 * Another thread may change the slot meanwhile: a prefetch of any address is
 * harmless.
 */
static void fetch_ahead(const struct wsig_chunk *next, uint64_t slot) {
  __builtin_prefetch(wsig_load_relaxed(&next->signal[slot]), 1);
}

/* ----------------------------------------------------------------- raise */

struct raising {
  uint32_t signal;
  bool counts;      /* whether the rest is counted: that costs loads */
  uint64_t fresh;   /* instances for which the signal did not wait already */
  uint64_t handled; /* instances that say that they handle the signal */
  uint64_t silent;  /* instances that do not say which signals they handle */
};

/* Counts what the guest's handled set says about the signal, if there is one.
 */
static void count_handled(const struct wsig_chunk_cold *cold, uint64_t slot,
                          struct raising *raising) {
  const uint64_t *set = cold->handled[slot];
  uint64_t bit = wsig_bit_of(raising->signal);
  if (!set)
    raising->silent++;
  else if (wsig_load_relaxed(set) & bit)
    raising->handled++;
}

/* `number` and `counts` are those of `raising`, in registers: the compiler does
 * not know that no word is part of it, and would load them again each time. */
WSIG_SPECIALIZED bool raise_checked(struct wsig_chunk *chunk,
                                    struct wsig_chunk_cold *cold, uint64_t slot,
                                    uint32_t number, bool counts,
                                    struct raising *raising) {
  uint32_t *signal = chunk->signal[slot];
  uint32_t *terminated = cold->terminated[slot];
  uint64_t *pending = cold->pending[slot];
  if (!signal && !pending) return false;
  if (terminated && wsig_load_relaxed(terminated) != 0 &&
      number != WASMSIG_SIGKILL)
    return false;
  uint64_t bit = wsig_bit_of(number);
  if (counts) {
    bool in_set = pending && wsig_load_relaxed(pending) & bit;
    raising->fresh += !wsig_still_waits(number, signal, pending, in_set);
    count_handled(cold, slot, raising);
  }
  /* An OR without a result: with a result it may be compiled to a loop, which
   * another writer of the word could keep from ending. */
  if (pending) wsig_or_release(pending, bit);
  wsig_test_point(WSIG_POINT_RAISE_WORD);
  /* Release: a guest that reads the number finds the bit, and whatever the
   * raising thread stored before. */
  if (signal) wsig_store_release(signal, number);
  return true;
}

WSIG_SPECIALIZED uint64_t raise_each(struct wsig_chunk *chunk,
                                     struct wsig_chunk_cold *cold,
                                     const struct wsig_chunk *next,
                                     uint64_t slots, bool counts,
                                     struct raising *raising) {
  uint64_t reached = 0;
  uint32_t signal = raising->signal;
  FOR_RUNS(from, to, slots)
  for (uint64_t i = from; i < to; i++) {
    fetch_ahead(next, i);
    reached += raise_checked(chunk, cold, i, signal, counts, raising);
  }
  return reached;
}

/* The memory may have moved, so it is not written here: its owner does that at
 * the next sync. */
static bool raise_movable(struct wsig_movable *movable,
                          struct raising *raising) {
  bool receives =
      movable->signal != WASMSIG_NO_WORD || movable->pending != WASMSIG_NO_WORD;
  if (!receives) return false;
  /* Acquire: sync sets `dead` before it resets `terminate`. */
  bool dead = wsig_load_acquire(&movable->terminate) ||
              wsig_load_relaxed(&movable->dead);
  if (dead && raising->signal != WASMSIG_SIGKILL) return false;
  uint64_t bit = wsig_bit_of(raising->signal);
  /* An older clear has no effect any more: the next sync must not clear what
   * this raise delivers. Nothing is lost by that: whatever the clear was to
   * take back, the signal waits again. */
  wsig_and_relaxed(&movable->cleared, ~bit);
  wsig_test_point(WSIG_POINT_RAISE_UNCLEAR);
  raising->fresh += !(wsig_load_relaxed(&movable->raised) & bit);
  raising->silent++; /* the memory is not read either */
  /* Release: a sync that takes the bit finds the clear removed. */
  wsig_or_release(&movable->raised, bit);
  wsig_test_point(WSIG_POINT_RAISE_NEWEST);
  /* Release: a sync that takes the number finds its bit. */
  wsig_store_release(&movable->newest, raising->signal);
  return true;
}

static bool failed(void) {
  wsig_add_relaxed(&wsig_statistics.failures, 1);
  return false;
}

/* In halves: the second half of a little-endian set holds signals 33 to 64. */
static void count_handled_guarded(const struct wsig_chunk_cold *cold,
                                  uint64_t slot, struct raising *raising) {
  const uint32_t *halves = (const void *)cold->handled[slot];
  uint32_t number = raising->signal - 1, half = 0;
  if (!halves || !wsig_os_peek(&halves[number / 32], &half))
    raising->silent++;
  else if (half >> number % 32 & 1)
    raising->handled++;
}

/* The pending set does not change: the kernel offers no atomic OR. */
static bool raise_guarded(struct wsig_chunk *chunk,
                          struct wsig_chunk_cold *cold, uint64_t slot,
                          struct raising *raising) {
  uint32_t *signal = chunk->signal[slot];
  uint32_t *terminated = cold->terminated[slot];
  uint32_t value = 0;
  if (!signal) return false;
  if (terminated && !wsig_os_peek(terminated, &value)) return failed();
  if (value != 0 && raising->signal != WASMSIG_SIGKILL) return false;
  if (!wsig_os_peek(signal, &value)) return failed();
  if (!wsig_os_poke(signal, raising->signal)) return failed();
  raising->fresh += value != raising->signal;
  count_handled_guarded(cold, slot, raising);
  return true;
}

static bool raise_aside(struct wsig_chunk *chunk, struct wsig_chunk_cold *cold,
                        uint64_t slot, struct raising *raising) {
  uintptr_t memory = cold->memory[slot];
  return wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE
             ? raise_movable(wsig_movable_of(memory), raising)
             : raise_guarded(chunk, cold, slot, raising);
}

/* Slots with a signal word only. */
static uint64_t raise_plain(struct wsig_chunk *chunk, uint64_t slots,
                            struct raising *raising) {
  uint64_t reached = 0;
  uint32_t signal = raising->signal;
  FOR_RUNS(from, to, slots) {
    if (raising->counts)
      for (uint64_t i = from; i < to; i++)
        raising->fresh += wsig_load_relaxed(chunk->signal[i]) != signal;
    /* Release: as in raise_checked. Unrolled: with so few turns the processor
     * predicts the last one. */
#pragma GCC unroll 4
    for (uint64_t i = from; i < to; i++)
      wsig_store_release(chunk->signal[i], signal);
    reached += to - from;
  }
  raising->silent += reached;
  return reached;
}

/* Slots with more than a signal word. Not inlined: else its many registers
 * would also be saved for slots that have nothing else. */
__attribute__((noinline)) static uint64_t raise_others(
    struct wsig_chunk *chunk, struct wsig_chunk_cold *cold,
    const struct wsig_chunk *next, uint64_t slots, struct raising *raising) {
  uint64_t aside = slots & wsig_load_relaxed(&chunk->aside);
  uint64_t direct = slots & ~aside;
  uint64_t reached =
      raising->counts ? raise_each(chunk, cold, next, direct, true, raising)
                      : raise_each(chunk, cold, next, direct, false, raising);
  FOR_SLOTS(i, aside) reached += raise_aside(chunk, cold, i, raising);
  return reached;
}

static uint64_t visit_raise(struct wsig_chunk *chunk,
                            struct wsig_chunk_cold *cold,
                            const struct wsig_chunk *next, uint64_t slots,
                            void *context) {
  struct raising *raising = context;
  uint64_t others = slots & wsig_load_relaxed(&chunk->checked);
  uint64_t reached = raise_plain(chunk, slots & ~others, raising);
  if (others) reached += raise_others(chunk, cold, next, others, raising);
  return reached;
}

/* ----------------------------------------------------------------- clear */

static bool clear_direct(struct wsig_chunk *chunk, struct wsig_chunk_cold *cold,
                         uint64_t slot, uint32_t wanted) {
  uint32_t *signal = chunk->signal[slot];
  uint64_t *pending = cold->pending[slot];
  bool had = false;
  if (pending) {
    uint64_t bits = wanted ? wsig_bit_of(wanted) : UINT64_MAX;
    had = wsig_load_relaxed(pending) & bits;
    wsig_and_relaxed(pending, ~bits);
  }
  if (signal && wanted) {
    uint32_t expected = wanted, none = 0;
    bool taken = wsig_cas_relaxed(signal, &expected, 0);
    uint64_t left = taken && pending ? wsig_load_relaxed(pending) : 0;
    /* A signal that still waits in the set is announced by the word again. */
    if (left)
      wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);
    had |= taken;
  } else if (signal) {
    had |= wsig_exchange_relaxed(signal, 0) != 0;
  }
  return had;
}

/* A sync may have delivered the signal already: then the next sync clears it in
 * the memory. `cleared` changes last, so no sync in between goes unnoticed. */
static bool clear_movable(struct wsig_movable *movable, uint32_t wanted) {
  uint64_t bits = wanted ? wsig_bit_of(wanted) : UINT64_MAX;
  uint32_t expected = wanted;
  if (wanted)
    wsig_cas_relaxed(&movable->newest, &expected, 0);
  else
    wsig_store_relaxed(&movable->newest, 0);
  bool had = wsig_load_relaxed(&movable->raised) & bits;
  wsig_and_relaxed(&movable->raised, ~bits);
  wsig_test_point(WSIG_POINT_CLEAR_MOVABLE);
  wsig_or_release(&movable->cleared, bits);
  return had;
}

static bool clear_guarded(uint32_t *signal, uint32_t wanted) {
  uint32_t value = 0;
  if (!signal) return false;
  if (!wsig_os_peek(signal, &value)) return failed();
  if (value == 0 || (wanted && value != wanted)) return false;
  return wsig_os_poke(signal, 0) || failed();
}

struct clearing {
  uint32_t wanted;
  bool counts_movable; /* all: only their owners know (movable.c) */
};

static uint64_t visit_clear(struct wsig_chunk *chunk,
                            struct wsig_chunk_cold *cold,
                            const struct wsig_chunk *next, uint64_t slots,
                            void *context) {
  const struct clearing *clearing = context;
  uint32_t wanted = clearing->wanted;
  uint64_t aside = wsig_load_relaxed(&chunk->aside);
  uint64_t had = 0;
  FOR_SLOTS(i, slots & ~aside) {
    fetch_ahead(next, i);
    had += clear_direct(chunk, cold, i, wanted);
  }
  FOR_SLOTS(i, slots & aside) {
    uintptr_t memory = cold->memory[i];
    had += wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE
               ? clear_movable(wsig_movable_of(memory), wanted) ||
                     clearing->counts_movable
               : clear_guarded(chunk->signal[i], wanted);
  }
  return had;
}

/* ------------------------------------------------------------- terminate */

static bool terminate_movable(struct wsig_movable *movable) {
  if (movable->terminated == WASMSIG_NO_WORD) return false;
  wsig_store_relaxed(&movable->dead, 1);
  wsig_store_release(&movable->terminate, 1);
  return true;
}

static bool terminate_guarded(uint32_t *terminated) {
  if (!terminated) return false;
  return wsig_os_poke(terminated, 1) || failed();
}

static uint64_t visit_terminate(struct wsig_chunk *chunk,
                                struct wsig_chunk_cold *cold,
                                const struct wsig_chunk *next, uint64_t slots,
                                void *context) {
  (void)next, (void)context;
  uint64_t aside = wsig_load_relaxed(&chunk->aside);
  uint64_t reached = 0;
  FOR_SLOTS(i, slots & ~aside) {
    if (!cold->terminated[i]) continue;
    wsig_store_release(cold->terminated[i], 1);
    reached++;
  }
  FOR_SLOTS(i, slots & aside) {
    uintptr_t memory = cold->memory[i];
    reached += wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE
                   ? terminate_movable(wsig_movable_of(memory))
                   : terminate_guarded(cold->terminated[i]);
  }
  return reached;
}

/* --------------------------------------------------------- the public API */

/* 0, or why a call with this registry and signal does nothing. */
static int check(const wasmsig_registry *registry, int signal, int least,
                 uint16_t *tag) {
  if (!registry) return WASMSIG_EINVAL;
  if (signal < least || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  *tag = wsig_load_relaxed(&registry->tag);
  return wsig_load_relaxed(&registry->live) ? WASMSIG_OK : WASMSIG_EDEAD;
}

int64_t wasmsig_instance_raise(wasmsig_registry *registry,
                               wasmsig_instance instance, int signal) {
  uint16_t tag;
  int error = check(registry, signal, 1, &tag);
  if (error) return error;
  struct raising raising = {.signal = (uint32_t)signal};
  return wsig_walk_instance(registry, instance, visit_raise, true, &raising);
}

int64_t wasmsig_registry_raise(wasmsig_registry *registry, int signal) {
  uint16_t tag;
  int error = check(registry, signal, 1, &tag);
  if (error) return error;
  struct raising raising = {.signal = (uint32_t)signal};
  return wsig_walk_registry(registry, tag, visit_raise, true, &raising);
}

struct wsig_raised wsig_process_raise(int signal) {
  struct raising raising = {.signal = (uint32_t)signal, .counts = true};
  uint64_t reached = wsig_walk_process(visit_raise, true, &raising);
  return (struct wsig_raised){.reached = reached,
                              .fresh = raising.fresh,
                              .handled = raising.handled,
                              .silent = raising.silent};
}

int64_t wasmsig_process_raise(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  return (int64_t)wsig_process_raise(signal).reached;
}

static int64_t clear_instance(wasmsig_registry *registry,
                              wasmsig_instance instance, int signal,
                              bool counts_movable) {
  uint16_t tag;
  int error = check(registry, signal, 0, &tag);
  if (error) return error;
  struct clearing clearing = {(uint32_t)signal, counts_movable};
  return wsig_walk_instance(registry, instance, visit_clear, false, &clearing);
}

static int64_t clear_registry(wasmsig_registry *registry, int signal,
                              bool counts_movable) {
  uint16_t tag;
  int error = check(registry, signal, 0, &tag);
  if (error) return error;
  struct clearing clearing = {(uint32_t)signal, counts_movable};
  return wsig_walk_registry(registry, tag, visit_clear, false, &clearing);
}

int64_t wasmsig_instance_clear(wasmsig_registry *registry,
                               wasmsig_instance instance, int signal) {
  return clear_instance(registry, instance, signal, false);
}

int64_t wasmsig_registry_clear(wasmsig_registry *registry, int signal) {
  return clear_registry(registry, signal, false);
}

int64_t wasmsig_process_clear(int signal) {
  if (signal < 0 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct clearing clearing = {.wanted = (uint32_t)signal};
  return (int64_t)wsig_walk_process(visit_clear, false, &clearing);
}

/* An error counts no instance. A budget's signal is valid (budget.c). */
static uint64_t count_of(int64_t answer) {
  return answer > 0 ? (uint64_t)answer : 0;
}

uint64_t wsig_registry_withdraw(wasmsig_registry *registry, int signal) {
  return count_of(clear_registry(registry, signal, true));
}

uint64_t wsig_instance_withdraw(wasmsig_registry *registry,
                                wasmsig_instance instance, int signal) {
  return count_of(clear_instance(registry, instance, signal, true));
}

int64_t wasmsig_instance_terminate(wasmsig_registry *registry,
                                   wasmsig_instance instance) {
  uint16_t tag;
  int error = check(registry, 1, 1, &tag);
  if (error) return error;
  return wsig_walk_instance(registry, instance, visit_terminate, false, NULL);
}

int64_t wasmsig_registry_terminate(wasmsig_registry *registry) {
  uint16_t tag;
  int error = check(registry, 1, 1, &tag);
  if (error) return error;
  return wsig_walk_registry(registry, tag, visit_terminate, false, NULL);
}

int64_t wasmsig_process_terminate(void) {
  return (int64_t)wsig_walk_process(visit_terminate, false, NULL);
}
