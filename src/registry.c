/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Registry: a set that a signal handler may walk while its own thread changes
 * it.
 *
 * Writers hold `lock`. Walkers (raise.c) hold nothing and wait for nothing.
 * Why a walker never sees half an entry, and never one that has gone:
 *
 *  1. A slot's words are stored before its bit is set (or_release), and a
 *     walker loads the bitmap (acquire) before the words: whoever sees the bit
 *     sees the words. A handler that interrupts add sees the bit or not.
 *  2. A bit is cleared before its slot is written again, and in between lies a
 *     grace period: every walk that could have seen the bit has ended.
 *  3. Chunks do not move, and are freed only by destroy, after their segment
 *     was taken out of the directory and a grace period has passed.
 *
 * Grace period: a walk first adds itself to walks[phase & 1] (seq_cst), then
 * loads what it walks. A writer that has cleared a bit (seq_cst) flips the
 * phase and waits until the old counter is 0, twice. A walk that counted
 * itself before the writer looked is waited for; one that did so after has the
 * clearing before its loads in the single order of seq_cst operations, so it
 * cannot see the bit. Why twice: a walk may load the phase, be delayed past a
 * flip, and only then count itself, in the counter that the next writer takes
 * for the new one; the second flip waits for that counter too. Because new
 * walks count in the other one, a wait ends when the walks under way have
 * ended, however many begin.
 *
 * A handler's walk that interrupts a waiting writer in the same thread begins
 * and ends within the interruption, so the writer never waits for itself.
 */
#include "registry.h"

#include "atomics.h"
#include "os/os.h"

#include <stdlib.h>

struct wasmsig_registry *wsig_registries;

/* Guards the list's growth, reuse of destroyed registries, and `next_tag`. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static uint16_t next_tag = 1;

static struct wsig_chunk *chunk_at(wasmsig_registry *registry, uint32_t chunk) {
  uint32_t segment = wsig_segment_of(chunk);
  return &registry->segment[segment][wsig_place_in(segment, chunk)];
}

/* Waits until no walk is left that began before the call. */
static void grace_wait(wasmsig_registry *registry) {
  for (int flip = 0; flip < 2; flip++) {
    uint32_t phase = wsig_load_relaxed(&registry->phase);
    /* seq_cst: after the caller's clearing, before the look at the counter. */
    wsig_store_seq_cst(&registry->phase, phase + 1);
    for (unsigned turn = 0; wsig_load_seq_cst(&registry->walks[phase & 1]) != 0;
         turn++)
      wsig_os_pause(turn);
  }
}

/* ------------------------------------------------- create and destroy */

static wasmsig_registry *reusable_registry(void) {
  for (wasmsig_registry *r = wsig_registries; r; r = r->next)
    if (!r->live) return r;
  return NULL;
}

static wasmsig_registry *new_registry(void) {
  wasmsig_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return NULL;
  pthread_mutex_init(&registry->lock, NULL);
  registry->next = wsig_registries;
  /* Release: a walk that finds the registry finds it initialised. */
  wsig_store_release(&wsig_registries, registry);
  return registry;
}

int wasmsig_registry_create(wasmsig_registry **out) {
  if (!out) return WASMSIG_EINVAL;
  pthread_mutex_lock(&list_lock);
  wasmsig_registry *registry = reusable_registry();
  if (!registry) registry = new_registry();
  if (registry) {
    registry->first_open = WSIG_NO_CHUNK;
    registry->live = true;
    wsig_store_relaxed(&registry->tag, next_tag++);
    if (next_tag == 0) next_tag = 1; /* a handle is never 0 */
  }
  pthread_mutex_unlock(&list_lock);
  if (!registry) return WASMSIG_ENOMEM;
  *out = registry;
  return WASMSIG_OK;
}

int wasmsig_registry_destroy(wasmsig_registry *registry) {
  if (!registry) return WASMSIG_EINVAL;
  struct wsig_chunk *freed[WSIG_SEGMENTS];
  pthread_mutex_lock(&registry->lock);
  for (uint32_t s = 0; s < WSIG_SEGMENTS; s++) {
    freed[s] = registry->segment[s];
    /* seq_cst: before the grace period's look at the counters. */
    wsig_store_seq_cst(&registry->segment[s], NULL);
  }
  grace_wait(registry);
  wsig_store_relaxed(&registry->chunks, 0);
  wsig_store_relaxed(&registry->count, 0);
  pthread_mutex_unlock(&registry->lock);
  for (uint32_t s = 0; s < WSIG_SEGMENTS; s++) free(freed[s]);

  pthread_mutex_lock(&list_lock);
  registry->live = false;
  pthread_mutex_unlock(&list_lock);
  return WASMSIG_OK;
}

size_t wasmsig_registry_count(const wasmsig_registry *registry) {
  return registry ? (size_t)wsig_load_relaxed(&registry->count) : 0;
}

/* ------------------------------------------------------ add and remove */

static int check_word(const wasmsig_words *words, uint64_t address,
                      uint64_t size) {
  if (address == WASMSIG_NO_WORD) return WASMSIG_OK;
  if (size > words->length || address > words->length - size)
    return WASMSIG_ERANGE;
  return address % size == 0 ? WASMSIG_OK : WASMSIG_EALIGN;
}

/* Both were checked, so the sums do not overflow. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  if (a == WASMSIG_NO_WORD || b == WASMSIG_NO_WORD) return false;
  return a < b + b_size && b < a + a_size;
}

static int check_words(const wasmsig_words *words) {
  if (!words || words->size < sizeof *words || !words->memory)
    return WASMSIG_EINVAL;
  if (words->signal == WASMSIG_NO_WORD &&
      words->terminated == WASMSIG_NO_WORD && words->pending == WASMSIG_NO_WORD)
    return WASMSIG_EINVAL;
  int error = check_word(words, words->signal, 4);
  if (!error) error = check_word(words, words->terminated, 4);
  if (!error) error = check_word(words, words->pending, 8);
  if (error) return error;
  if ((uintptr_t)words->memory % 8 != 0) return WASMSIG_EALIGN;
  if (overlap(words->signal, 4, words->terminated, 4) ||
      overlap(words->signal, 4, words->pending, 8) ||
      overlap(words->terminated, 4, words->pending, 8))
    return WASMSIG_EOVERLAP;
  switch (words->memory_class) {
    case WASMSIG_MEMORY_FIXED:
    case WASMSIG_MEMORY_SHARED: return WASMSIG_OK;
    case WASMSIG_MEMORY_MOVABLE: return WASMSIG_EMOVABLE;
    default: return WASMSIG_EINVAL;
  }
}

/* Makes one more chunk and puts it at the head of the open ones. */
static int add_chunk(wasmsig_registry *registry) {
  uint32_t chunk = registry->chunks;
  uint32_t segment = wsig_segment_of(chunk);
  if (segment >= WSIG_SEGMENTS) return WASMSIG_EFULL;
  if (!registry->segment[segment]) {
    struct wsig_chunk *made =
        calloc(wsig_segment_size(segment), sizeof(struct wsig_chunk));
    if (!made) return WASMSIG_ENOMEM;
    /* Release: a walk that finds the segment finds its bitmaps 0. */
    wsig_store_release(&registry->segment[segment], made);
  }
  chunk_at(registry, chunk)->next_open = registry->first_open;
  registry->first_open = chunk;
  /* Release: a walk that counts this chunk finds its segment. */
  wsig_store_release(&registry->chunks, chunk + 1);
  return WASMSIG_OK;
}

static void *word_at(const wasmsig_words *words, uint64_t address) {
  if (address == WASMSIG_NO_WORD) return NULL;
  return (char *)words->memory + address;
}

/* Fills a free slot of the first open chunk and sets its bit. */
static wasmsig_instance publish(wasmsig_registry *registry,
                                const wasmsig_words *words, bool zero) {
  uint32_t number = registry->first_open;
  struct wsig_chunk *chunk = chunk_at(registry, number);
  uint32_t slot = (uint32_t)__builtin_ctzll(~wsig_load_relaxed(&chunk->used));
  chunk->signal[slot] = word_at(words, words->signal);
  chunk->terminated[slot] = word_at(words, words->terminated);
  chunk->pending[slot] = word_at(words, words->pending);
  if (++chunk->generation[slot] == 0) chunk->generation[slot] = 1;
  if (zero) {
    if (chunk->signal[slot]) wsig_store_relaxed(chunk->signal[slot], 0);
    if (chunk->pending[slot]) wsig_store_relaxed(chunk->pending[slot], 0);
  }
  /* Release: the words and their zeroes come before the bit. */
  uint64_t before = wsig_or_release(&chunk->used, UINT64_C(1) << slot);
  if ((before | UINT64_C(1) << slot) == UINT64_MAX)
    registry->first_open = chunk->next_open;
  wsig_store_relaxed(&registry->count, registry->count + 1);
  return wsig_handle(registry->tag, chunk->generation[slot],
                     number * WSIG_SLOTS + slot);
}

int wasmsig_instance_add(wasmsig_registry *registry, const wasmsig_words *words,
                         wasmsig_instance *instance) {
  if (!registry || !instance) return WASMSIG_EINVAL;
  int error = check_words(words);
  if (error) return error;
  /* Two threads that add the same shared word take turns: else both could
   * find it untracked, and the later one would zero a signal. */
  bool shared = words->memory_class == WASMSIG_MEMORY_SHARED;
  if (shared) pthread_mutex_lock(&list_lock);
  pthread_mutex_lock(&registry->lock);
  if (registry->first_open == WSIG_NO_CHUNK) error = add_chunk(registry);
  if (!error) {
    bool known = shared && wsig_process_tracks(word_at(words, words->signal));
    *instance = publish(registry, words, !known);
  }
  pthread_mutex_unlock(&registry->lock);
  if (shared) pthread_mutex_unlock(&list_lock);
  return error;
}

/* Under `lock`: the chunk that holds the instance, or NULL. */
static struct wsig_chunk *find(wasmsig_registry *registry,
                               wasmsig_instance instance) {
  uint32_t number = (uint32_t)instance / WSIG_SLOTS;
  uint32_t slot = (uint32_t)instance % WSIG_SLOTS;
  if ((uint16_t)(instance >> 48) != registry->tag) return NULL;
  if (number >= registry->chunks) return NULL;
  struct wsig_chunk *chunk = chunk_at(registry, number);
  if (!(wsig_load_relaxed(&chunk->used) >> slot & 1)) return NULL;
  if (chunk->generation[slot] != (uint16_t)(instance >> 32)) return NULL;
  return chunk;
}

int wasmsig_instance_remove(wasmsig_registry *registry,
                            wasmsig_instance instance) {
  if (!registry) return WASMSIG_EINVAL;
  pthread_mutex_lock(&registry->lock);
  struct wsig_chunk *chunk = find(registry, instance);
  if (chunk) {
    uint64_t bit = UINT64_C(1) << (uint32_t)instance % WSIG_SLOTS;
    /* seq_cst: before the grace period's look at the counters. */
    uint64_t before = wsig_and_seq_cst(&chunk->used, ~bit);
    grace_wait(registry);
    if (before == UINT64_MAX) { /* it was full: open again */
      chunk->next_open = registry->first_open;
      registry->first_open = (uint32_t)instance / WSIG_SLOTS;
    }
    wsig_store_relaxed(&registry->count, registry->count - 1);
  }
  pthread_mutex_unlock(&registry->lock);
  return chunk ? WASMSIG_OK : WASMSIG_ENOINSTANCE;
}
