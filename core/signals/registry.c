/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Registry: a set that a signal handler may walk while its own thread changes
 * it.
 *
 * Writers hold `lock`. Walks (walk.h) hold no lock and wait for nothing. Why a
 * walk never sees half an entry, and never one that was removed:
 *
 *  1. The contents of a slot are stored before its bit in `used` is set
 *     (or_release), and a walk loads `used` before the slot (seq_cst, which
 *     acquires): a walk that sees the bit sees the whole entry. A handler that
 *     interrupts the add at any instruction sees the bit or does not.
 *  2. A bit is cleared before its slot is written again, and in between is a
 *     grace period: every walk that could have seen the bit has ended. Until
 *     then `taken` keeps the slot from being reused.
 *  3. Chunks do not move. Only destroy frees them, after their segment was
 *     taken out of the directory and a grace period has passed.
 *  4. Registries are never freed, only reused: a walk over all of them needs no
 *     protection, and a walk of a destroyed one finds no chunk.
 *
 * Grace period. A walk counts itself in walks[phase & 1] (seq_cst) before it
 * loads any of the above (seq_cst), and out after its last store (release). A
 * writer has cleared the bit (seq_cst) and now reads a counter (seq_cst). A
 * walk that has seen the bit loaded it before the clearing, in the single order
 * of seq_cst operations, so it had counted itself in before the writer's read.
 * If the writer reads 0, the walk has counted itself out, and the read acquires
 * that. So the grace period has passed once each of the two counters was read
 * as 0 after the clearing, at any time.
 *
 *  Quick: the writer reads both, and both are 0.
 *
 *  Slow, under grace_lock: for each side in turn the writer flips the phase, so
 *  that walks that begin count in the other side, and waits for the counter of
 *  the old side. The wait ends when the walks that run now have ended, however
 *  many begin. (A walk that has loaded the phase before the flip and counts
 *  itself in after it is also awaited, needlessly.) `lock` is not held
 *  meanwhile: an add does not wait for walks.
 *
 * The argument needs two conditions: `used` and `segment` are changed under
 * `lock` only, so that a seq_cst load cannot return an older value than the
 * clearing; and counters are changed by read-modify-write operations only, so
 * that a read of 0 acquires every counting-out before it. `chunks` may be read
 * too large by a walk that begins after a destroy: each segment is allocated
 * whole, and is NULL by then.
 *
 * A walk must run to its end: a handler that leaves one by longjmp, or a thread
 * that is cancelled in one, stays counted.
 *
 * A handler's walk that interrupts a waiting writer in the same thread begins
 * and ends within the interruption, so a writer never waits for itself.
 *
 * Lock order: list_lock, lock, the shared words' lock; grace_lock alone.
 */
#include "signals/registry.h"

#include "atomics.h"
#include "os/os.h"
#include "signals/shared_words.h"
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
                            .cold = &segment->cold[place],
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
    /* seq_cst: before the read of the old side's counter. */
    wsig_store_seq_cst(&registry->phase, phase + 1);
    wsig_test_point(WSIG_POINT_GRACE_AFTER_FLIP);
    for (unsigned turn = 0; walks_of(registry, phase & 1) != 0; turn++)
      wsig_os_pause(turn);
  }
  pthread_mutex_unlock(&registry->grace_lock);
}

/* ------------------------------------------------------------------ fork */

/* The child has one thread. Locks that other threads held would stay locked,
 * and their walks would stay counted. So the forking thread takes every lock
 * before. What another thread has taken out but not yet freed, because it waits
 * for a grace period, the child never frees. After a remove it loses the slot,
 * and shared words keep an owner. After a destroy it loses all segments of the
 * registry, and the shared words of all its instances keep an owner; the tag
 * never becomes 0, so the child never reuses that registry. */
static void before_fork(void) {
  pthread_mutex_lock(&list_lock);
  for (wasmsig_registry *r = wsig_registries; r; r = r->next)
    pthread_mutex_lock(&r->lock);
  wsig_shared_words_lock();
}

static void release_after_fork(void) {
  wsig_shared_words_unlock();
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
    pthread_mutex_lock(&registry->lock); /* a late call may still read it */
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
                              .terminated = at.cold->terminated[at.slot],
                              .pending = at.cold->pending[at.slot],
                              .handled = at.cold->handled[at.slot]};
}

/* Frees what a slot owns. Every walk that saw it has ended. */
static void release_memory(struct wsig_slot at) {
  uintptr_t memory = at.cold->memory[at.slot];
  switch (wsig_class_of(memory)) {
    case WASMSIG_MEMORY_MOVABLE: free(wsig_movable_of(memory)); break;
    case WASMSIG_MEMORY_SHARED: {
      struct wsig_placed placed = placed_at(at);
      wsig_shared_words_leave(wsig_base_of(memory), &placed);
      break;
    }
    case WASMSIG_MEMORY_FIXED:
    case WASMSIG_MEMORY_GUARDED: break;
  }
}

static void free_segment(struct wsig_segment *segment, uint32_t s) {
  for (uint32_t i = 0; segment && i < wsig_segment_size(s); i++) {
    uint64_t used = segment->chunks[i].used;
    for (; used; used &= used - 1)
      release_memory(
          (struct wsig_slot){.chunk = &segment->chunks[i],
                             .cold = &segment->cold[i],
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
    /* seq_cst: before the grace period reads the counters. */
    wsig_store_seq_cst(&registry->segment[s], NULL);
  }
  wsig_store_relaxed(&registry->chunks, 0);
  wsig_store_relaxed(&registry->count, 0);
  wsig_index_free(&registry->memories);
  pthread_mutex_unlock(&registry->lock);
  wsig_test_point(WSIG_POINT_DESTROY_GRACE);
  grace_wait(registry);

  for (uint32_t s = 0; s < WSIG_SEGMENTS; s++) free_segment(segments[s], s);
  pthread_mutex_lock(&list_lock);
  wsig_store_relaxed(&registry->tag, 0); /* may be reused */
  pthread_mutex_unlock(&list_lock);
  return WASMSIG_OK;
}

size_t wasmsig_registry_count(const wasmsig_registry *registry) {
  return registry ? (size_t)wsig_load_relaxed(&registry->count) : 0;
}

/* ------------------------------------------------------------------- add */

static uintptr_t base_of_slot(const void *owner, uint32_t number) {
  struct wsig_slot at = slot_at(owner, number);
  return wsig_base_of(at.cold->memory[at.slot]);
}

static struct wsig_segment *new_segment(uint32_t s) {
  size_t chunks = sizeof(struct wsig_chunk) * wsig_segment_size(s);
  size_t cold = sizeof(struct wsig_chunk_cold) * wsig_segment_size(s);
  struct wsig_segment *segment = calloc(1, sizeof *segment + chunks + cold);
  if (!segment) return NULL;
  segment->cold =
      (struct wsig_chunk_cold *)(void *)&segment->chunks[wsig_segment_size(s)];
  return segment;
}

/* Adds a chunk and puts it at the head of the open ones. */
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
  slot_at(registry, chunk * WSIG_SLOTS).cold->next_open = registry->first_open;
  registry->first_open = chunk;
  /* Release: a walk that counts this chunk finds its segment. */
  wsig_store_release(&registry->chunks, chunk + 1);
  return WASMSIG_OK;
}

/* Checks the new words against those of the same memory in this registry, and
 * zeroes those that no other instance owns. */
static int join_memory(wasmsig_registry *registry, uintptr_t base,
                       const struct wsig_placed *placed,
                       wasmsig_memory_class memory_class) {
  struct wsig_owned owned = {false, false};
  uint32_t at = 0, number;
  if (memory_class == WASMSIG_MEMORY_SHARED)
    return wsig_shared_words_join(base, placed);
  if (!wsig_index_reserve(&registry->memories, base_of_slot, registry))
    return WASMSIG_ENOMEM;
  while (wsig_index_next(&registry->memories, base_of_slot, registry, base, &at,
                         &number)) {
    struct wsig_placed other = placed_at(slot_at(registry, number));
    int error = wsig_words_check_against(placed, &other, &owned);
    if (error) return error;
  }
  return wsig_words_zero(placed, &owned, memory_class) ? WASMSIG_OK
                                                       : WASMSIG_EWRITE;
}

/* The value of the slot's `memory`; 0 and an error if that fails. */
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
  const struct wsig_owned none = {false, false};
  wsig_words_zero(&placed, &none, WASMSIG_MEMORY_MOVABLE);
  return (uintptr_t)movable;
}

/* Sets a slot's other bitmaps, before its bit in `used`. */
static void describe(struct wsig_slot at, wasmsig_memory_class memory_class) {
  struct wsig_chunk *chunk = at.chunk;
  bool aside = memory_class == WASMSIG_MEMORY_MOVABLE ||
               memory_class == WASMSIG_MEMORY_GUARDED;
  bool checked = aside || !chunk->signal[at.slot] ||
                 at.cold->terminated[at.slot] || at.cold->pending[at.slot] ||
                 at.cold->handled[at.slot];
  /* Relaxed: during a walk other slots' bits change, this one's do not. */
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
  /* Atomic: a walk may prefetch it at the same time, whatever it is. */
  wsig_store_relaxed(&at.chunk->signal[at.slot], placed.signal);
  at.cold->terminated[at.slot] = placed.terminated;
  at.cold->pending[at.slot] = placed.pending;
  at.cold->handled[at.slot] = placed.handled;
  at.cold->memory[at.slot] = memory;
  if (++at.cold->generation[at.slot] == 0) at.cold->generation[at.slot] = 1;
  describe(at, words->memory_class);
}

/* Whether slots of this class are in the index of memories. */
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
  if (at.chunk->taken == UINT64_MAX) registry->first_open = at.cold->next_open;
  if (is_indexed(words->memory_class))
    wsig_index_insert(&registry->memories, wsig_base_of(memory), number);
  wsig_test_point(WSIG_POINT_ADD_BIT);
  /* Release: the whole slot, and the zeroes in its words, before the bit. */
  wsig_or_release(&at.chunk->used, bit_of(at));
  wsig_store_relaxed(&registry->count, registry->count + 1);
  return wsig_handle(registry->tag, at.cold->generation[at.slot], number);
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

/* Under `lock`: finds the slot of an instance. An error code. */
static int find(const wasmsig_registry *registry, wasmsig_instance instance,
                struct wsig_slot *at) {
  if (!wsig_load_relaxed(&registry->live)) return WASMSIG_EDEAD;
  if (wsig_handle_tag(instance) != wsig_load_relaxed(&registry->tag) ||
      wsig_handle_chunk(instance) >= registry->chunks)
    return WASMSIG_ENOINSTANCE;
  *at = slot_at(registry, (uint32_t)instance);
  if (!(wsig_load_relaxed(&at->chunk->used) & bit_of(*at)) ||
      at->cold->generation[at->slot] != wsig_handle_generation(instance))
    return WASMSIG_ENOINSTANCE;
  return WASMSIG_OK;
}

int wsig_registry_memory(wasmsig_registry *registry, wasmsig_instance instance,
                         uintptr_t *memory) {
  struct wsig_slot at;
  pthread_mutex_lock(&registry->lock);
  int error = find(registry, instance, &at);
  if (!error) *memory = at.cold->memory[at.slot];
  pthread_mutex_unlock(&registry->lock);
  return error;
}

/* No walk that begins after this finds the slot. */
static void unpublish(wasmsig_registry *registry, struct wsig_slot at,
                      uint32_t number) {
  uintptr_t memory = at.cold->memory[at.slot];
  /* seq_cst: before the grace period reads the counters. */
  wsig_and_seq_cst(&at.chunk->used, ~bit_of(at));
  wsig_test_point(WSIG_POINT_REMOVE_BIT);
  if (is_indexed(wsig_class_of(memory)))
    wsig_index_remove(&registry->memories, base_of_slot, registry,
                      wsig_base_of(memory), number);
  wsig_store_relaxed(&registry->count, registry->count - 1);
}

/* After the grace period: frees the slot. */
static void free_slot(wasmsig_registry *registry, struct wsig_slot at,
                      uint32_t number) {
  release_memory(at);
  if (at.chunk->taken == UINT64_MAX) { /* it was full and is open again */
    at.cold->next_open = registry->first_open;
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
    unpublish(registry, at, (uint32_t)instance);
    if (!no_walks(registry)) {
      pthread_mutex_unlock(&registry->lock);
      wsig_test_point(WSIG_POINT_REMOVE_GRACE);
      grace_wait(registry);
      pthread_mutex_lock(&registry->lock);
    }
    free_slot(registry, at, (uint32_t)instance);
  }
  pthread_mutex_unlock(&registry->lock);
  return error;
}
