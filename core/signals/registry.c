/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Registry: a set that a signal handler may walk while its own thread changes
 * it.
 *
 * Writers hold `lock`. Walkers (raise.c) hold nothing and wait for nothing.
 * Why a walker never sees half an entry, and never one that has gone:
 *
 *  1. What a slot holds is stored before its bit in `used` is set (or_release),
 *     and a walker loads `used` before the slot (seq_cst, which acquires):
 *     whoever sees the bit sees the whole entry. A handler that interrupts the
 *     add at any instruction sees the bit or does not.
 *  2. A bit is cleared before its slot is written again, and in between lies a
 *     grace period: every walk that could have seen the bit has ended. Until
 *     then `taken` keeps the slot from being used.
 *  3. Chunks do not move, and are freed only by destroy, after their segment
 *     was taken out of the directory and a grace period has passed.
 *  4. Registries are never freed, only used again: a walk over all of them
 *     needs no protection, and a walk of a destroyed one finds no chunk.
 *
 * Grace period. A walk counts itself in walks[phase & 1] (seq_cst) before it
 * loads anything of the above (seq_cst), and out after its last store
 * (release). A writer has cleared the bit (seq_cst) and now looks at a counter
 * (seq_cst). A walk that has seen the bit loaded it before the clearing, in the
 * single order of seq_cst operations, so it had counted itself in before the
 * writer's look; if the look finds 0, it has counted itself out, and the look
 * acquires that. So the grace period has passed once each of the two counters
 * was seen to be 0 after the clearing, at whatever time.
 *
 *  Quick: the writer looks at both, and both are 0.
 *
 *  Slow, under grace_lock: for each side in turn the writer flips the phase,
 *  so that walks that begin count in the other one, and waits for the counter
 *  that it has retired: the wait ends when the walks under way have ended,
 *  however many begin. (One that has loaded the phase before the flip and
 *  counts itself in after is waited for too, needlessly.) `lock` is not held
 *  meanwhile: who adds does not wait for who walks.
 *
 * Two conditions that the argument stands on: `used` and `segment` are changed
 * under `lock` only, so that a seq_cst load cannot return an older value than
 * the clearing; and counters are changed by read-modify-write operations only,
 * so that a look which finds 0 acquires every counting-out before it. `chunks`
 * may be read too large by a walk that begins after a destroy: each segment is
 * allocated whole, and is NULL by then.
 *
 * A walk must be let run to its end: a handler that leaves by longjmp out of
 * one, or a thread that is cancelled in one, stays counted.
 *
 * A handler's walk that interrupts a waiting writer in the same thread begins
 * and ends within the interruption, so a writer never waits for itself.
 *
 * Lock order: list_lock, lock, the shared words' lock; grace_lock alone.
 */
#include "signals/registry.h"

#include "atomics.h"
#include "os/os.h"
#include "signals/words.h"
#include "test_points.h"

#include <stdlib.h>

struct wasmsig_registry *wsig_registries;

/* Guards the list's growth, the reuse of destroyed registries, `next_tag`. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint16_t next_tag = 1;

/* The slot of that number; its chunk is there. */
static struct wsig_slot slot_at(const wasmsig_registry *registry,
                                uint32_t number) {
  uint32_t chunk = number / WSIG_SLOTS;
  struct wsig_segment *segment = registry->segment[wsig_segment_of(chunk)];
  uint32_t place = wsig_place_in(wsig_segment_of(chunk), chunk);
  return (struct wsig_slot){.chunk = &segment->chunks[place],
                            .rest = &segment->rests[place],
                            .slot = number % WSIG_SLOTS};
}

static uint64_t bit_of(struct wsig_slot at) { return UINT64_C(1) << at.slot; }

/* ---------------------------------------------------------- grace period */

static uint64_t walks_of(wasmsig_registry *registry, uint32_t side) {
  /* seq_cst: after the caller's clearing, or flip; see the top. */
  return wsig_load_seq_cst(&registry->walks[side]) & WSIG_WALK_MASK;
}

static bool no_walks(wasmsig_registry *registry) {
  return walks_of(registry, 0) == 0 && walks_of(registry, 1) == 0;
}

/* Waits until every walk that may have seen what the caller has cleared has
 * ended. Not under `lock`. */
static void grace_wait(wasmsig_registry *registry) {
  if (no_walks(registry)) return;
  pthread_mutex_lock(&registry->grace_lock);
  for (int flip = 0; flip < 2; flip++) {
    uint32_t phase = wsig_load_relaxed(&registry->phase);
    wsig_test_point(WSIG_POINT_GRACE_BEFORE_FLIP);
    /* seq_cst: before the look at the counter that it retires. */
    wsig_store_seq_cst(&registry->phase, phase + 1);
    wsig_test_point(WSIG_POINT_GRACE_AFTER_FLIP);
    for (unsigned turn = 0; walks_of(registry, phase & 1) != 0; turn++)
      wsig_os_pause(turn);
  }
  pthread_mutex_unlock(&registry->grace_lock);
}

/* ------------------------------------------------------------------ fork */

/* The child has one thread. Locks that others held would stay locked, and
 * walks that others were in would stay counted. So the forking thread takes
 * every lock before. What another thread had cleared and not yet released, for
 * its grace period, the child never releases: that costs a slot, and of shared
 * words an owner. */
static void before_fork(void) {
  pthread_mutex_lock(&list_lock);
  for (wasmsig_registry *r = wsig_registries; r; r = r->next)
    pthread_mutex_lock(&r->lock);
  wsig_shared_lock();
}

static void release_after_fork(void) {
  wsig_shared_unlock();
  for (wasmsig_registry *r = wsig_registries; r; r = r->next)
    pthread_mutex_unlock(&r->lock);
  pthread_mutex_unlock(&list_lock);
}

static void after_fork_in_child(void) {
  for (wasmsig_registry *r = wsig_registries; r; r = r->next) {
    pthread_mutex_init(&r->grace_lock, NULL);
    for (int side = 0; side < 2; side++)
      wsig_and_relaxed(&r->walks[side], ~WSIG_WALK_MASK);
  }
  release_after_fork();
}

static void set_up(void) {
  wsig_os_stay_loaded();
  pthread_atfork(before_fork, release_after_fork, after_fork_in_child);
}

/* ---------------------------------------------------- create and destroy */

static wasmsig_registry *reusable_registry(void) {
  for (wasmsig_registry *r = wsig_registries; r; r = r->next)
    if (wsig_load_relaxed(&r->tag) == 0) return r;
  return NULL;
}

static wasmsig_registry *new_registry(void) {
  wasmsig_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return NULL;
  pthread_mutex_init(&registry->lock, NULL);
  pthread_mutex_init(&registry->grace_lock, NULL);
  registry->next = wsig_registries;
  wsig_test_point(WSIG_POINT_REGISTRY_LIST);
  /* Release: a walk that finds the registry finds it initialised. */
  wsig_store_release(&wsig_registries, registry);
  return registry;
}

int wasmsig_registry_create(wasmsig_registry **out) {
  if (!out) return WASMSIG_EINVAL;
  pthread_once(&once, set_up);
  pthread_mutex_lock(&list_lock);
  wasmsig_registry *registry = reusable_registry();
  if (!registry) registry = new_registry();
  if (registry) {
    pthread_mutex_lock(&registry->lock); /* a late call may still look at it */
    registry->first_open = WSIG_NO_CHUNK;
    pthread_mutex_unlock(&registry->lock);
    wsig_store_relaxed(&registry->tag, next_tag);
    if (++next_tag == 0) next_tag = 1; /* no handle is 0 */
    wsig_test_point(WSIG_POINT_REGISTRY_LIVE);
    wsig_store_release(&registry->live, 1);
  }
  pthread_mutex_unlock(&list_lock);
  if (!registry) return WASMSIG_ENOMEM;
  *out = registry;
  return WASMSIG_OK;
}

static struct wsig_placed placed_at(struct wsig_slot at) {
  return (struct wsig_placed){.signal = at.chunk->signal[at.slot],
                              .terminated = at.rest->terminated[at.slot],
                              .pending = at.rest->pending[at.slot],
                              .handled = at.rest->handled[at.slot]};
}

/* What a slot owns besides its place. No walk is left that saw it. */
static void give_up(struct wsig_slot at) {
  uintptr_t memory = at.rest->memory[at.slot];
  switch (wsig_class_of(memory)) {
    case WASMSIG_MEMORY_MOVABLE: free(wsig_movable_of(memory)); break;
    case WASMSIG_MEMORY_SHARED: {
      struct wsig_placed placed = placed_at(at);
      wsig_shared_part(wsig_base_of(memory), &placed);
      break;
    }
    case WASMSIG_MEMORY_FIXED:
    case WASMSIG_MEMORY_GUARDED: break;
  }
}

static void give_up_segment(struct wsig_segment *segment, uint32_t s) {
  for (uint32_t i = 0; segment && i < wsig_segment_size(s); i++) {
    uint64_t used = segment->chunks[i].used;
    for (; used; used &= used - 1)
      give_up((struct wsig_slot){.chunk = &segment->chunks[i],
                                 .rest = &segment->rests[i],
                                 .slot = (uint32_t)__builtin_ctzll(used)});
  }
  free(segment);
}

int wasmsig_registry_destroy(wasmsig_registry *registry) {
  if (!registry) return WASMSIG_EINVAL;
  struct wsig_segment *segments[WSIG_SEGMENTS];
  pthread_mutex_lock(&registry->lock);
  if (!wsig_load_relaxed(&registry->live)) {
    pthread_mutex_unlock(&registry->lock);
    return WASMSIG_EDEAD;
  }
  wsig_store_relaxed(&registry->live, 0);
  for (uint32_t s = 0; s < WSIG_SEGMENTS; s++) {
    segments[s] = registry->segment[s];
    wsig_test_point(WSIG_POINT_DESTROY_SEGMENT);
    /* seq_cst: before the grace period's look at the counters. */
    wsig_store_seq_cst(&registry->segment[s], NULL);
  }
  wsig_store_relaxed(&registry->chunks, 0);
  wsig_store_relaxed(&registry->count, 0);
  wsig_index_free(&registry->memories);
  pthread_mutex_unlock(&registry->lock);
  wsig_test_point(WSIG_POINT_DESTROY_GRACE);
  grace_wait(registry);

  for (uint32_t s = 0; s < WSIG_SEGMENTS; s++) give_up_segment(segments[s], s);
  pthread_mutex_lock(&list_lock);
  wsig_store_relaxed(&registry->tag, 0); /* may be used again */
  pthread_mutex_unlock(&list_lock);
  return WASMSIG_OK;
}

size_t wasmsig_registry_count(const wasmsig_registry *registry) {
  return registry ? (size_t)wsig_load_relaxed(&registry->count) : 0;
}

/* ------------------------------------------------------------------- add */

static uintptr_t base_of_slot(const void *owner, uint32_t number) {
  struct wsig_slot at = slot_at(owner, number);
  return wsig_base_of(at.rest->memory[at.slot]);
}

static struct wsig_segment *new_segment(uint32_t s) {
  size_t chunks = sizeof(struct wsig_chunk) * wsig_segment_size(s);
  size_t rests = sizeof(struct wsig_rest) * wsig_segment_size(s);
  struct wsig_segment *segment = calloc(1, sizeof *segment + chunks + rests);
  if (!segment) return NULL;
  segment->rests =
      (struct wsig_rest *)(void *)&segment->chunks[wsig_segment_size(s)];
  return segment;
}

/* Makes one more chunk and puts it at the head of the open ones. */
static int add_chunk(wasmsig_registry *registry) {
  uint32_t chunk = registry->chunks;
  uint32_t s = wsig_segment_of(chunk);
  if (s >= WSIG_SEGMENTS) return WASMSIG_EFULL;
  if (!registry->segment[s]) {
    struct wsig_segment *segment = new_segment(s);
    if (!segment) return WASMSIG_ENOMEM;
    /* Release: a walk that finds the segment finds its bitmaps 0. */
    wsig_store_release(&registry->segment[s], segment);
  }
  wsig_test_point(WSIG_POINT_ADD_CHUNK);
  slot_at(registry, chunk * WSIG_SLOTS).rest->next_open = registry->first_open;
  registry->first_open = chunk;
  /* Release: a walk that counts this chunk finds its segment. */
  wsig_store_release(&registry->chunks, chunk + 1);
  return WASMSIG_OK;
}

/* Checks the new words against those of the same memory in this registry, and
 * zeroes what nobody else owns. */
static int join_memory(wasmsig_registry *registry, uintptr_t base,
                       const struct wsig_placed *placed,
                       wasmsig_memory_class memory_class) {
  struct wsig_known known = {false, false};
  uint32_t at = 0, number;
  if (memory_class == WASMSIG_MEMORY_SHARED)
    return wsig_shared_join(base, placed);
  if (!wsig_index_reserve(&registry->memories, base_of_slot, registry))
    return WASMSIG_ENOMEM;
  while (wsig_index_next(&registry->memories, base_of_slot, registry, base, &at,
                         &number)) {
    struct wsig_placed other = placed_at(slot_at(registry, number));
    int error = wsig_words_meet(placed, &other, &known);
    if (error) return error;
  }
  return wsig_words_zero(placed, &known, memory_class) ? WASMSIG_OK
                                                       : WASMSIG_EWRITE;
}

/* What the slot's `memory` is to hold; 0 and an error if it cannot be had. */
static uintptr_t make_memory(wasmsig_registry *registry,
                             const wasmsig_words *words, int *error) {
  uintptr_t base = (uintptr_t)words->memory;
  struct wsig_placed placed = wsig_words_place(words);
  if (words->memory_class != WASMSIG_MEMORY_MOVABLE) {
    *error = join_memory(registry, base, &placed, words->memory_class);
    return *error ? 0 : base | (uintptr_t)words->memory_class;
  }
  struct wsig_movable *movable = aligned_alloc(8, sizeof *movable);
  if (!movable) {
    *error = WASMSIG_ENOMEM;
    return 0;
  }
  *movable = (struct wsig_movable){.signal = words->signal,
                                   .terminated = words->terminated,
                                   .pending = words->pending};
  const struct wsig_known nobody = {false, false};
  wsig_words_zero(&placed, &nobody, WASMSIG_MEMORY_MOVABLE);
  return (uintptr_t)movable;
}

/* A slot's bitmaps other than `used`, before its bit there is set. */
static void describe(struct wsig_slot at, wasmsig_memory_class memory_class) {
  struct wsig_chunk *chunk = at.chunk;
  bool aside = memory_class == WASMSIG_MEMORY_MOVABLE ||
               memory_class == WASMSIG_MEMORY_GUARDED;
  bool checked = aside || !chunk->signal[at.slot] ||
                 at.rest->terminated[at.slot] || at.rest->pending[at.slot] ||
                 at.rest->handled[at.slot];
  /* Relaxed: other slots' bits change under a walk, this one's do not. */
  if (aside != (bool)(wsig_load_relaxed(&chunk->aside) & bit_of(at)))
    wsig_xor_relaxed(&chunk->aside, bit_of(at));
  if (checked != (bool)(wsig_load_relaxed(&chunk->checked) & bit_of(at)))
    wsig_xor_relaxed(&chunk->checked, bit_of(at));
}

static void fill(struct wsig_slot at, const wasmsig_words *words,
                 uintptr_t memory) {
  bool movable = words->memory_class == WASMSIG_MEMORY_MOVABLE;
  struct wsig_placed placed = {NULL, NULL, NULL, NULL};
  if (!movable) placed = wsig_words_place(words);
  /* Atomic: a walk may be fetching it ahead, whatever it is. */
  wsig_store_relaxed(&at.chunk->signal[at.slot], placed.signal);
  at.rest->terminated[at.slot] = placed.terminated;
  at.rest->pending[at.slot] = placed.pending;
  at.rest->handled[at.slot] = placed.handled;
  at.rest->memory[at.slot] = memory;
  if (++at.rest->generation[at.slot] == 0) at.rest->generation[at.slot] = 1;
  describe(at, words->memory_class);
}

/* Whether the slots of a memory of this class are found by its base here. */
static bool is_indexed(wasmsig_memory_class memory_class) {
  return memory_class == WASMSIG_MEMORY_FIXED ||
         memory_class == WASMSIG_MEMORY_GUARDED;
}

/* Fills a free slot of the first open chunk and sets its bit. */
static wasmsig_instance publish(wasmsig_registry *registry,
                                const wasmsig_words *words, uintptr_t memory) {
  struct wsig_slot at = slot_at(registry, registry->first_open * WSIG_SLOTS);
  at.slot = (uint32_t)__builtin_ctzll(~at.chunk->taken);
  uint32_t number = registry->first_open * WSIG_SLOTS + at.slot;
  fill(at, words, memory);
  at.chunk->taken |= bit_of(at);
  if (at.chunk->taken == UINT64_MAX) registry->first_open = at.rest->next_open;
  if (is_indexed(words->memory_class))
    wsig_index_insert(&registry->memories, wsig_base_of(memory), number);
  wsig_test_point(WSIG_POINT_ADD_BIT);
  /* Release: all of the slot, and its words' zeroes, before the bit. */
  wsig_or_release(&at.chunk->used, bit_of(at));
  wsig_store_relaxed(&registry->count, registry->count + 1);
  return wsig_handle(registry->tag, at.rest->generation[at.slot], number);
}

int wasmsig_instance_add(wasmsig_registry *registry, const wasmsig_words *given,
                         wasmsig_instance *instance) {
  wasmsig_words copy, *words = &copy;
  if (!registry || !instance) return WASMSIG_EINVAL;
  int error = wsig_words_copy(words, given);
  if (!error) error = wsig_words_check(words);
  if (error) return error;
  pthread_mutex_lock(&registry->lock);
  if (!wsig_load_relaxed(&registry->live)) error = WASMSIG_EDEAD;
  if (!error && registry->first_open == WSIG_NO_CHUNK)
    error = add_chunk(registry);
  if (!error) {
    uintptr_t memory = make_memory(registry, words, &error);
    if (!error) *instance = publish(registry, words, memory);
  }
  pthread_mutex_unlock(&registry->lock);
  return error;
}

/* ---------------------------------------------------------------- remove */

/* Under `lock`: the slot of an instance, or an error. */
static int find(const wasmsig_registry *registry, wasmsig_instance instance,
                struct wsig_slot *at) {
  if (!wsig_load_relaxed(&registry->live)) return WASMSIG_EDEAD;
  if (wsig_handle_tag(instance) != wsig_load_relaxed(&registry->tag) ||
      wsig_handle_chunk(instance) >= registry->chunks)
    return WASMSIG_ENOINSTANCE;
  *at = slot_at(registry, (uint32_t)instance);
  if (!(wsig_load_relaxed(&at->chunk->used) & bit_of(*at)) ||
      at->rest->generation[at->slot] != wsig_handle_generation(instance))
    return WASMSIG_ENOINSTANCE;
  return WASMSIG_OK;
}

int wsig_registry_memory(wasmsig_registry *registry, wasmsig_instance instance,
                         uintptr_t *memory) {
  struct wsig_slot at;
  pthread_mutex_lock(&registry->lock);
  int error = find(registry, instance, &at);
  if (!error) *memory = at.rest->memory[at.slot];
  pthread_mutex_unlock(&registry->lock);
  return error;
}

/* From here on no walk that begins finds the slot. */
static void withdraw(wasmsig_registry *registry, struct wsig_slot at,
                     uint32_t number) {
  uintptr_t memory = at.rest->memory[at.slot];
  /* seq_cst: before the grace period's look at the counters. */
  wsig_and_seq_cst(&at.chunk->used, ~bit_of(at));
  wsig_test_point(WSIG_POINT_REMOVE_BIT);
  if (is_indexed(wsig_class_of(memory)))
    wsig_index_remove(&registry->memories, base_of_slot, registry,
                      wsig_base_of(memory), number);
  wsig_store_relaxed(&registry->count, registry->count - 1);
}

/* After the grace period: the slot is free. */
static void release(wasmsig_registry *registry, struct wsig_slot at,
                    uint32_t number) {
  give_up(at);
  if (at.chunk->taken == UINT64_MAX) { /* it was full: open again */
    at.rest->next_open = registry->first_open;
    registry->first_open = number / WSIG_SLOTS;
  }
  at.chunk->taken &= ~bit_of(at);
}

int wasmsig_instance_remove(wasmsig_registry *registry,
                            wasmsig_instance instance) {
  if (!registry) return WASMSIG_EINVAL;
  struct wsig_slot at;
  pthread_mutex_lock(&registry->lock);
  int error = find(registry, instance, &at);
  if (!error) {
    withdraw(registry, at, (uint32_t)instance);
    if (!no_walks(registry)) {
      pthread_mutex_unlock(&registry->lock);
      wsig_test_point(WSIG_POINT_REMOVE_GRACE);
      grace_wait(registry);
      pthread_mutex_lock(&registry->lock);
    }
    release(registry, at, (uint32_t)instance);
  }
  pthread_mutex_unlock(&registry->lock);
  return error;
}
