/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Raise: all code of the library that may run in a signal handler.
 *
 * Nothing here locks, allocates, waits or calls anything that does; what it
 * calls of the system is in POSIX's list of async-signal-safe functions
 * (POSIX.1-2017, 2.4.3). A walk takes a number of steps that the size of the
 * registry bounds, whatever other threads do: it is wait-free.
 *
 * A walk counts itself in (walk_begin) before it loads the directory, a bitmap
 * or a slot, and out after its last store, so that a remove which has returned
 * has no walk behind it (registry.c has the proof).
 *
 * Every store goes to an address that was checked when the instance was added.
 * What stands in the words is the guest's, at every moment: it is only ever
 * compared, and cannot direct a store.
 */
#include "forward.h"
#include "registry.h"

#include "atomics.h"

#include <errno.h>
#include <signal.h>

wasmsig_statistics wsig_statistics;

/* ----------------------------------------------------------------- walks */

static uint32_t walk_begin(wasmsig_registry *registry) {
  uint32_t side = wsig_load_relaxed(&registry->phase) & 1;
  /* seq_cst: no load of this walk comes before the writer can see it. */
  wsig_add_seq_cst(&registry->walks[side], 1);
  return side;
}

static void walk_end(wasmsig_registry *registry, uint32_t side) {
  /* Release: no store of this walk comes after the writer sees it ended. */
  wsig_sub_release(&registry->walks[side], 1);
}

/* What is done at a slot; answers how many instances it counts for. */
typedef uint64_t (*visit)(struct wsig_chunk *chunk, uint32_t slot,
                          void *context);

static uint64_t visit_chunk(struct wsig_chunk *chunk, visit what,
                            void *context) {
  uint64_t counted = 0;
  /* seq_cst: after walk_begin in the single order, which the proof needs;
   * and acquire: the slots' words come after their bits. */
  uint64_t used = wsig_load_seq_cst(&chunk->used);
  for (; used; used &= used - 1)
    counted += what(chunk, (uint32_t)__builtin_ctzll(used), context);
  return counted;
}

static uint64_t walk_registry(wasmsig_registry *registry, visit what,
                              void *context) {
  uint64_t counted = 0;
  uint32_t side = walk_begin(registry);
  uint32_t left = wsig_load_acquire(&registry->chunks);
  for (uint32_t s = 0; left && s < WSIG_SEGMENTS; s++) {
    /* seq_cst: as for the bitmaps; destroy takes segments out. */
    struct wsig_chunk *segment = wsig_load_seq_cst(&registry->segment[s]);
    if (!segment) break;
    uint32_t here = wsig_segment_size(s);
    if (here > left) here = left;
    for (uint32_t i = 0; i < here; i++)
      counted += visit_chunk(&segment[i], what, context);
    left -= here;
  }
  walk_end(registry, side);
  return counted;
}

static uint64_t walk_process(visit what, void *context) {
  uint64_t counted = 0;
  wasmsig_registry *registry = wsig_load_acquire(&wsig_registries);
  for (; registry; registry = registry->next)
    counted += walk_registry(registry, what, context);
  return counted;
}

/* Visits one instance; ENOINSTANCE if the handle names none. */
static int64_t walk_instance(wasmsig_registry *registry,
                             wasmsig_instance instance, visit what,
                             void *context) {
  int64_t counted = WASMSIG_ENOINSTANCE;
  uint32_t number = (uint32_t)instance / WSIG_SLOTS;
  uint32_t slot = (uint32_t)instance % WSIG_SLOTS;
  uint32_t side = walk_begin(registry);
  if ((uint16_t)(instance >> 48) == wsig_load_relaxed(&registry->tag) &&
      number < wsig_load_acquire(&registry->chunks)) {
    uint32_t s = wsig_segment_of(number);
    struct wsig_chunk *segment = wsig_load_seq_cst(&registry->segment[s]);
    struct wsig_chunk *chunk = segment + wsig_place_in(s, number);
    if (segment && wsig_load_seq_cst(&chunk->used) >> slot & 1 &&
        chunk->generation[slot] == (uint16_t)(instance >> 32))
      counted = (int64_t)what(chunk, slot, context);
  }
  walk_end(registry, side);
  return counted;
}

/* ---------------------------------------------------------------- visits */

struct raising {
  uint32_t signal;
  uint64_t fresh; /* instances where the signal did not wait already */
};

/* Whether the guest has not acknowledged the signal since it was raised last:
 * it does so by the word, or by the pending set (docs/protocol.md). */
static bool still_waits(uint32_t signal, const uint32_t *word, bool has_set,
                        bool in_set) {
  if (has_set && !in_set) return false;
  if (!word) return true;
  uint32_t now = wsig_load_relaxed(word);
  /* With a set, another signal may have come into the word since. */
  return has_set ? now != 0 : now == signal;
}

static uint64_t visit_raise(struct wsig_chunk *chunk, uint32_t slot,
                            void *context) {
  struct raising *raising = context;
  uint32_t *signal = chunk->signal[slot];
  uint32_t *terminated = chunk->terminated[slot];
  uint64_t *pending = chunk->pending[slot];
  if (!signal && !pending) return 0;
  if (terminated && wsig_load_relaxed(terminated) != 0) return 0;
  uint64_t bit = UINT64_C(1) << (raising->signal - 1);
  bool in_set = pending && wsig_or_release(pending, bit) & bit;
  raising->fresh += !still_waits(raising->signal, signal, pending, in_set);
  /* Release: a guest that reads the number finds the bit, and whatever the
   * raising thread stored before. */
  if (signal) wsig_store_release(signal, raising->signal);
  return 1;
}

static uint64_t visit_clear(struct wsig_chunk *chunk, uint32_t slot,
                            void *context) {
  uint32_t wanted = *(uint32_t *)context;
  uint32_t *signal = chunk->signal[slot];
  uint64_t *pending = chunk->pending[slot];
  bool had = false;
  if (pending) {
    uint64_t bits = wanted ? UINT64_C(1) << (wanted - 1) : UINT64_MAX;
    had = wsig_and_relaxed(pending, ~bits) & bits;
  }
  if (signal && wanted) {
    uint32_t expected = wanted;
    had |= wsig_cas_relaxed(signal, &expected, 0);
  } else if (signal) {
    had |= wsig_exchange_relaxed(signal, 0) != 0;
  }
  return had;
}

static uint64_t visit_terminate(struct wsig_chunk *chunk, uint32_t slot,
                                void *context) {
  (void)context;
  if (!chunk->terminated[slot]) return 0;
  wsig_store_release(chunk->terminated[slot], 1);
  return 1;
}

static uint64_t visit_compare(struct wsig_chunk *chunk, uint32_t slot,
                              void *context) {
  const uint32_t *const *wanted = context;
  return chunk->signal[slot] == *wanted;
}

/* --------------------------------------------------------- the public API */

static int64_t count_raised(int64_t counted) {
  if (counted > 0) wsig_add_relaxed(&wsig_statistics.raises, (uint64_t)counted);
  return counted;
}

static bool bad_signal(int signal, int least) {
  return signal < least || signal > WASMSIG_SIGNAL_MAX;
}

int64_t wasmsig_instance_raise(wasmsig_registry *registry,
                               wasmsig_instance instance, int signal) {
  if (!registry) return WASMSIG_EINVAL;
  if (bad_signal(signal, 1)) return WASMSIG_ESIGNAL;
  struct raising raising = {.signal = (uint32_t)signal};
  return count_raised(walk_instance(registry, instance, visit_raise, &raising));
}

int64_t wasmsig_registry_raise(wasmsig_registry *registry, int signal) {
  if (!registry) return WASMSIG_EINVAL;
  if (bad_signal(signal, 1)) return WASMSIG_ESIGNAL;
  struct raising raising = {.signal = (uint32_t)signal};
  return count_raised((int64_t)walk_registry(registry, visit_raise, &raising));
}

struct wsig_raised wsig_process_raise(int signal) {
  struct raising raising = {.signal = (uint32_t)signal};
  uint64_t reached = walk_process(visit_raise, &raising);
  count_raised((int64_t)reached);
  return (struct wsig_raised){.reached = reached, .fresh = raising.fresh};
}

int64_t wasmsig_process_raise(int signal) {
  if (bad_signal(signal, 1)) return WASMSIG_ESIGNAL;
  return (int64_t)wsig_process_raise(signal).reached;
}

int64_t wasmsig_instance_clear(wasmsig_registry *registry,
                               wasmsig_instance instance, int signal) {
  if (!registry) return WASMSIG_EINVAL;
  if (bad_signal(signal, 0)) return WASMSIG_ESIGNAL;
  return walk_instance(registry, instance, visit_clear, &signal);
}

int64_t wasmsig_registry_clear(wasmsig_registry *registry, int signal) {
  if (!registry) return WASMSIG_EINVAL;
  if (bad_signal(signal, 0)) return WASMSIG_ESIGNAL;
  return (int64_t)walk_registry(registry, visit_clear, &signal);
}

int64_t wasmsig_process_clear(int signal) {
  if (bad_signal(signal, 0)) return WASMSIG_ESIGNAL;
  return (int64_t)walk_process(visit_clear, &signal);
}

int64_t wasmsig_instance_terminate(wasmsig_registry *registry,
                                   wasmsig_instance instance) {
  if (!registry) return WASMSIG_EINVAL;
  return walk_instance(registry, instance, visit_terminate, NULL);
}

bool wsig_process_tracks(const uint32_t *signal_word) {
  if (!signal_word) return false;
  return walk_process(visit_compare, &signal_word) != 0;
}

void wasmsig_get_statistics(wasmsig_statistics *statistics) {
  if (!statistics) return;
  statistics->raises = wsig_load_relaxed(&wsig_statistics.raises);
  statistics->soft = wsig_load_relaxed(&wsig_statistics.soft);
  statistics->kills = wsig_load_relaxed(&wsig_statistics.kills);
  statistics->wakes = wsig_load_relaxed(&wsig_statistics.wakes);
}

/* -------------------------------------------- the process's own signals */

struct wsig_forward wsig_forwards[WASMSIG_SIGNAL_MAX + 1];

static void restore_default(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

/* Lets the process have the signal as if nobody had ever handled it. */
static void take_default_action(int signal) {
  sigset_t only;
  restore_default(signal);
  raise(signal); /* blocked while its handler runs: waits for the next line */
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

static void call_handler_before(const struct sigaction *before, int signal,
                                siginfo_t *info, void *ucontext) {
  /* As the kernel does for a handler that is for one signal only: it counts
   * on the default action when it raises the signal again. */
  if (before->sa_flags & (int)SA_RESETHAND) restore_default(signal);
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(signal, info, ucontext);
  else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
    before->sa_handler(signal);
}

static bool ends_the_process(const struct wsig_forward *forward, int signal,
                             uint64_t reached, uint64_t unanswered) {
  if (forward->insist > 0 && unanswered >= (uint64_t)forward->insist)
    return true;
  bool nobody_else = !(forward->before.sa_flags & SA_SIGINFO) &&
                     forward->before.sa_handler == SIG_DFL;
  bool harmless = signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
                  signal == SIGWINCH;
  return nobody_else && !harmless && reached == 0;
}

void wsig_forward_handler(int signal, siginfo_t *info, void *ucontext) {
  int saved_errno = errno;
  struct wsig_forward *forward = &wsig_forwards[signal];
  struct wsig_raised raised = wsig_process_raise(signal);
  wsig_store_relaxed(&forward->reached, raised.reached);
  if (raised.fresh) wsig_store_relaxed(&forward->unanswered, 0);
  uint64_t unanswered = wsig_add_relaxed(&forward->unanswered, 1) + 1;
  /* Release: who sees this delivery counted sees whom it reached. */
  wsig_add_release(&forward->deliveries, 1);
  if (ends_the_process(forward, signal, raised.reached, unanswered))
    take_default_action(signal);
  else
    call_handler_before(&forward->before, signal, info, ucontext);
  errno = saved_errno;
}
