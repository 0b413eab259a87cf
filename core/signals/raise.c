/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Raise: the walks that store a signal, in any thread and in signal handlers.
 *
 * Nothing here locks, allocates, waits or calls anything that does; what it
 * calls of the system is in POSIX's list of async-signal-safe functions
 * (POSIX.1-2017, 2.4.3). Why a walk ends, and stores nowhere that a remove
 * has let go of: walk.h.
 *
 * Every store goes to an address that was checked when the instance was added.
 * What stands in the words is the guest's, at every moment: it is only ever
 * compared, and cannot direct a store.
 *
 * A terminated word keeps every signal away but SIGKILL, which is what stops a
 * guest where the engine cannot: a guest that says that it is dead and runs on
 * is to be stopped as well.
 */
#include "signals/registry.h"

#include "os/handler.h"
#include "signals/walk.h"

/* Goes through the slots in a set of bits. */
#define FOR_SLOTS(slot, slots)                                   \
  for (uint64_t left_ = (slots), slot = 0;                       \
       left_ && (slot = (uint64_t)__builtin_ctzll(left_), true); \
       left_ &= left_ - 1)

/* The same in runs of neighbours, from..to-1: mostly all slots are used. */
#define FOR_RUNS(from, to, slots)                         \
  for (uint64_t left_ = (slots), from = 0, to = 0;        \
       left_ && (from = (uint64_t)__builtin_ctzll(left_), \
                to = run_end(left_, from), true);         \
       left_ &= to < WSIG_SLOTS ? UINT64_MAX << to : 0)

/* Where the run of ones ends that begins at `from`. */
static uint64_t run_end(uint64_t slots, uint64_t from) {
  uint64_t gaps = ~slots & UINT64_MAX << from;
  return gaps ? (uint64_t)__builtin_ctzll(gaps) : WSIG_SLOTS;
}

/*
 * Asks for the signal word of the next chunk's slot of that number: a chunk's
 * words are on their way while those of the one before are written. A locked
 * operation keeps the processor from running that far ahead by itself; with
 * plain stores it does, and asking would gain nothing (bench/README.md).
 * What another thread stores in the slot meanwhile does not matter: a prefetch
 * of any address is harmless.
 */
static void fetch_ahead(const struct wsig_chunk *next, uint64_t slot) {
  __builtin_prefetch(wsig_load_relaxed(&next->signal[slot]), 1);
}

/* ----------------------------------------------------------------- raise */

struct raising {
  uint32_t signal;
  bool ask;         /* whether to find out the rest: it costs loads */
  uint64_t fresh;   /* instances where the signal did not wait already */
  uint64_t handled; /* such as say that they handle the signal */
  uint64_t silent;  /* such as do not say which they handle */
};

static uint64_t bit_of(uint32_t signal) { return UINT64_C(1) << (signal - 1); }

/* Whether the guest has not acknowledged the signal since it was raised last:
 * it does so by the word, or by the pending set (docs/explanation/protocol.md).
 */
static bool still_waits(uint32_t signal, const uint32_t *word, bool has_set,
                        bool in_set) {
  if (has_set && !in_set) return false;
  if (!word) return true;
  uint32_t now = wsig_load_relaxed(word);
  /* With a set, another signal may have come into the word since. */
  return has_set ? now != 0 : now == signal;
}

/* What the guest's handled set says of the signal, if it has one here. */
static void ask_handled(const struct wsig_rest *rest, uint64_t slot,
                        struct raising *raising) {
  const uint64_t *set = rest->handled[slot];
  uint64_t bit = bit_of(raising->signal);
  if (!set)
    raising->silent++;
  else if (wsig_load_relaxed(set) & bit)
    raising->handled++;
}

/* `number` and `ask` are those of `raising`, in registers: the compiler cannot
 * see that the words lie elsewhere, and would load them again each time. */
WSIG_SPECIALIZED bool raise_checked(struct wsig_chunk *chunk,
                                    struct wsig_rest *rest, uint64_t slot,
                                    uint32_t number, bool ask,
                                    struct raising *raising) {
  uint32_t *signal = chunk->signal[slot];
  uint32_t *terminated = rest->terminated[slot];
  uint64_t *pending = rest->pending[slot];
  if (!signal && !pending) return false;
  if (terminated && wsig_load_relaxed(terminated) != 0 &&
      number != WASMSIG_SIGKILL)
    return false;
  uint64_t bit = bit_of(number);
  if (ask) {
    bool in_set = pending && wsig_load_relaxed(pending) & bit;
    raising->fresh += !still_waits(number, signal, pending, in_set);
    ask_handled(rest, slot, raising);
  }
  /* An OR that does not answer: one that does may be compiled to a loop, which
   * whoever else writes there could keep from its end. */
  if (pending) wsig_or_release(pending, bit);
  wsig_test_point(WSIG_POINT_RAISE_WORD);
  /* Release: a guest that reads the number finds the bit, and whatever the
   * raising thread stored before. */
  if (signal) wsig_store_release(signal, number);
  return true;
}

WSIG_SPECIALIZED uint64_t raise_each(struct wsig_chunk *chunk,
                                     struct wsig_rest *rest,
                                     const struct wsig_chunk *next,
                                     uint64_t slots, bool ask,
                                     struct raising *raising) {
  uint64_t reached = 0;
  uint32_t signal = raising->signal;
  FOR_RUNS(from, to, slots)
  for (uint64_t i = from; i < to; i++) {
    fetch_ahead(next, i);
    reached += raise_checked(chunk, rest, i, signal, ask, raising);
  }
  return reached;
}

/* Nothing is written where the memory may not be: the owner does it. */
static bool raise_movable(struct wsig_movable *movable,
                          struct raising *raising) {
  bool hears =
      movable->signal != WASMSIG_NO_WORD || movable->pending != WASMSIG_NO_WORD;
  if (!hears) return false;
  /* Acquire: sync sets `dead` before it takes `terminate` back. */
  bool dead = wsig_load_acquire(&movable->terminate) ||
              wsig_load_relaxed(&movable->dead);
  if (dead && raising->signal != WASMSIG_SIGKILL) return false;
  uint64_t bit = bit_of(raising->signal);
  /* An older clear is over: it must not take back at the next sync what this
   * one delivers. Whatever it was to take back, the signal waits again. */
  wsig_and_relaxed(&movable->withdrawn, ~bit);
  wsig_test_point(WSIG_POINT_RAISE_UNCLEAR);
  raising->fresh += !(wsig_load_relaxed(&movable->raised) & bit);
  raising->silent++; /* nor is anything read */
  /* Release: who takes the bit finds the clear gone. */
  wsig_or_release(&movable->raised, bit);
  wsig_test_point(WSIG_POINT_RAISE_NEWEST);
  /* Release: who takes the newest finds its bit. */
  wsig_store_release(&movable->newest, raising->signal);
  return true;
}

static bool failed(void) {
  wsig_add_relaxed(&wsig_statistics.failures, 1);
  return false;
}

/* By halves: of a little-endian set the second holds 33 to 64. */
static void ask_handled_guarded(const struct wsig_rest *rest, uint64_t slot,
                                struct raising *raising) {
  const uint32_t *halves = (const void *)rest->handled[slot];
  uint32_t number = raising->signal - 1, half = 0;
  if (!halves || !wsig_os_peek(&halves[number / 32], &half))
    raising->silent++;
  else if (half >> number % 32 & 1)
    raising->handled++;
}

/* The pending set stays as it is: the kernel has no OR for us. */
static bool raise_guarded(struct wsig_chunk *chunk, struct wsig_rest *rest,
                          uint64_t slot, struct raising *raising) {
  uint32_t *signal = chunk->signal[slot];
  uint32_t *terminated = rest->terminated[slot];
  uint32_t value = 0;
  if (!signal) return false;
  if (terminated && !wsig_os_peek(terminated, &value)) return failed();
  if (value != 0 && raising->signal != WASMSIG_SIGKILL) return false;
  if (!wsig_os_peek(signal, &value)) return failed();
  if (!wsig_os_poke(signal, raising->signal)) return failed();
  raising->fresh += value != raising->signal;
  ask_handled_guarded(rest, slot, raising);
  return true;
}

static bool raise_aside(struct wsig_chunk *chunk, struct wsig_rest *rest,
                        uint64_t slot, struct raising *raising) {
  uintptr_t memory = rest->memory[slot];
  return wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE
             ? raise_movable(wsig_movable_of(memory), raising)
             : raise_guarded(chunk, rest, slot, raising);
}

/* Slots with a signal word and no more. */
static uint64_t raise_plain(struct wsig_chunk *chunk, uint64_t slots,
                            struct raising *raising) {
  uint64_t reached = 0;
  uint32_t signal = raising->signal;
  FOR_RUNS(from, to, slots) {
    if (raising->ask)
      for (uint64_t i = from; i < to; i++)
        raising->fresh += wsig_load_relaxed(chunk->signal[i]) != signal;
    /* Release: as in raise_checked. Unrolled: of so few turns a processor
     * learns when the last one comes. */
#pragma GCC unroll 4
    for (uint64_t i = from; i < to; i++)
      wsig_store_release(chunk->signal[i], signal);
    reached += to - from;
  }
  raising->silent += reached;
  return reached;
}

/* Slots with more to them than a signal word. Not inlined: its many registers
 * would be saved for those too that have nothing else. */
__attribute__((noinline)) static uint64_t raise_others(
    struct wsig_chunk *chunk, struct wsig_rest *rest,
    const struct wsig_chunk *next, uint64_t slots, struct raising *raising) {
  uint64_t aside = slots & wsig_load_relaxed(&chunk->aside);
  uint64_t direct = slots & ~aside;
  uint64_t reached =
      raising->ask ? raise_each(chunk, rest, next, direct, true, raising)
                   : raise_each(chunk, rest, next, direct, false, raising);
  FOR_SLOTS(i, aside) reached += raise_aside(chunk, rest, i, raising);
  return reached;
}

static uint64_t visit_raise(struct wsig_chunk *chunk, struct wsig_rest *rest,
                            const struct wsig_chunk *next, uint64_t slots,
                            void *context) {
  struct raising *raising = context;
  uint64_t others = slots & wsig_load_relaxed(&chunk->checked);
  uint64_t reached = raise_plain(chunk, slots & ~others, raising);
  if (others) reached += raise_others(chunk, rest, next, others, raising);
  return reached;
}

/* ----------------------------------------------------------------- clear */

static bool clear_direct(struct wsig_chunk *chunk, struct wsig_rest *rest,
                         uint64_t slot, uint32_t wanted) {
  uint32_t *signal = chunk->signal[slot];
  uint64_t *pending = rest->pending[slot];
  bool had = false;
  if (pending) {
    uint64_t bits = wanted ? bit_of(wanted) : UINT64_MAX;
    had = wsig_load_relaxed(pending) & bits;
    wsig_and_relaxed(pending, ~bits);
  }
  if (signal && wanted) {
    uint32_t expected = wanted, none = 0;
    bool taken = wsig_cas_relaxed(signal, &expected, 0);
    uint64_t left = taken && pending ? wsig_load_relaxed(pending) : 0;
    /* What waits under it must be told of again. */
    if (left)
      wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);
    had |= taken;
  } else if (signal) {
    had |= wsig_exchange_relaxed(signal, 0) != 0;
  }
  return had;
}

/* What a sync has delivered by the time that it is withdrawn, the next sync
 * takes back: withdrawn last, so that none can come between unseen. */
static bool clear_movable(struct wsig_movable *movable, uint32_t wanted) {
  uint64_t bits = wanted ? bit_of(wanted) : UINT64_MAX;
  uint32_t expected = wanted;
  if (wanted)
    wsig_cas_relaxed(&movable->newest, &expected, 0);
  else
    wsig_store_relaxed(&movable->newest, 0);
  bool had = wsig_load_relaxed(&movable->raised) & bits;
  wsig_and_relaxed(&movable->raised, ~bits);
  wsig_test_point(WSIG_POINT_CLEAR_MOVABLE);
  wsig_or_release(&movable->withdrawn, bits);
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
  bool counts_movable; /* each: only its owner can tell (sync.c) */
};

static uint64_t visit_clear(struct wsig_chunk *chunk, struct wsig_rest *rest,
                            const struct wsig_chunk *next, uint64_t slots,
                            void *context) {
  const struct clearing *clearing = context;
  uint32_t wanted = clearing->wanted;
  uint64_t aside = wsig_load_relaxed(&chunk->aside);
  uint64_t had = 0;
  FOR_SLOTS(i, slots & ~aside) {
    fetch_ahead(next, i);
    had += clear_direct(chunk, rest, i, wanted);
  }
  FOR_SLOTS(i, slots & aside) {
    uintptr_t memory = rest->memory[i];
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
                                struct wsig_rest *rest,
                                const struct wsig_chunk *next, uint64_t slots,
                                void *context) {
  (void)next, (void)context;
  uint64_t aside = wsig_load_relaxed(&chunk->aside);
  uint64_t told = 0;
  FOR_SLOTS(i, slots & ~aside) {
    if (!rest->terminated[i]) continue;
    wsig_store_release(rest->terminated[i], 1);
    told++;
  }
  FOR_SLOTS(i, slots & aside) {
    uintptr_t memory = rest->memory[i];
    told += wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE
                ? terminate_movable(wsig_movable_of(memory))
                : terminate_guarded(rest->terminated[i]);
  }
  return told;
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
  struct raising raising = {.signal = (uint32_t)signal, .ask = true};
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

/* An error is nobody; a budget's signal is 1 to 64 (budget.c). */
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
