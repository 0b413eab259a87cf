/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Walks over the instances of a registry or of all registries, or to one
 * instance, in any thread and in signal handlers.
 *
 * The size of the registry bounds the number of a walk's steps, whatever other
 * threads do: a walk is wait-free. (That needs atomic operations that are one
 * instruction if their result is not used, as on x86-64 and on ARMv8.1; the
 * results of operations on a guest's words are not used.)
 *
 * A walk counts itself in (wsig_walk_begin) before it loads the directory, a
 * bitmap or a slot, and out after its last access. So once a remove has
 * returned, no walk uses the instance (registry.c has the proof).
 */
#ifndef WSIG_WALK_H
#define WSIG_WALK_H

#include "atomics.h"
#include "signals/registry.h"
#include "test_points.h"

static inline uint32_t wsig_walk_begin(wasmsig_registry *registry) {
  uint32_t side = wsig_load_relaxed(&registry->phase) & 1;
  wsig_test_point(WSIG_POINT_WALK_COUNT_IN);
  /* seq_cst: no load of this walk comes before a writer can see the walk. */
  wsig_add_seq_cst(&registry->walks[side], 1);
  wsig_test_point(WSIG_POINT_WALK_BEGUN);
  return side;
}

/* Counts the walk out, and adds `raised` to the sum beside the counter. */
static inline void wsig_walk_end(wasmsig_registry *registry, uint32_t side,
                                 uint64_t raised) {
  wsig_test_point(WSIG_POINT_WALK_COUNT_OUT);
  /* Release: no store of this walk comes after a writer sees its end. */
  wsig_add_release(&registry->walks[side], (raised << WSIG_WALK_BITS) - 1);
}

/* Visits the slots of a chunk whose bits are in `slots`; answers how many
 * instances it counts. `next` is the chunk that the walk visits next, or the
 * same one. */
typedef uint64_t (*wsig_visit)(struct wsig_chunk *chunk,
                               struct wsig_chunk_cold *cold,
                               const struct wsig_chunk *next, uint64_t slots,
                               void *context);

/* Compiled separately for each visit, or other constant, in its calls. */
#define WSIG_SPECIALIZED static inline __attribute__((always_inline))

WSIG_SPECIALIZED uint64_t wsig_walk_segment(struct wsig_segment *segment,
                                            uint32_t chunks, wsig_visit visit,
                                            void *context) {
  uint64_t counted = 0;
  for (uint32_t i = 0; i < chunks; i++) {
    struct wsig_chunk *chunk = &segment->chunks[i];
    struct wsig_chunk *next = i + 1 < chunks ? chunk + 1 : chunk;
    /* seq_cst: after wsig_walk_begin in the single order that the proof needs;
     * and the slots are loaded after their bits. */
    uint64_t used = wsig_load_seq_cst(&chunk->used);
    wsig_test_point(WSIG_POINT_WALK_CHUNK);
    if (used) counted += visit(chunk, &segment->cold[i], next, used, context);
  }
  return counted;
}

/* `tag` is the registry's tag at the moment when the caller checked that it is
 * live. If the tag has changed, the memory is another registry's by now. 0: any
 * tag. `raises`: the counted instances have received a signal. */
WSIG_SPECIALIZED int64_t wsig_walk_registry(wasmsig_registry *registry,
                                            uint16_t tag, wsig_visit visit,
                                            bool raises, void *context) {
  uint64_t counted = 0;
  uint32_t side = wsig_walk_begin(registry);
  bool other = tag && wsig_load_relaxed(&registry->tag) != tag;
  uint32_t left = other ? 0 : wsig_load_acquire(&registry->chunks);
  for (uint32_t s = 0; left && s < WSIG_SEGMENTS; s++) {
    /* seq_cst: as for the bitmaps; destroy takes segments out. */
    struct wsig_segment *segment = wsig_load_seq_cst(&registry->segment[s]);
    if (!segment) break;
    uint32_t here = wsig_segment_size(s);
    if (here > left) here = left;
    counted += wsig_walk_segment(segment, here, visit, context);
    left -= here;
  }
  wsig_walk_end(registry, side, raises ? counted : 0);
  return other ? WASMSIG_EDEAD : (int64_t)counted;
}

WSIG_SPECIALIZED uint64_t wsig_walk_process(wsig_visit visit, bool raises,
                                            void *context) {
  uint64_t counted = 0;
  /* Acquire: the registry is initialised. */
  wasmsig_registry *registry = wsig_load_acquire(&wsig_registries);
  for (; registry; registry = registry->next)
    counted +=
        (uint64_t)wsig_walk_registry(registry, 0, visit, raises, context);
  return counted;
}

/* Within a walk: the slot that a handle names; its chunk is NULL if the handle
 * names none. */
static inline struct wsig_slot wsig_slot_of(wasmsig_registry *registry,
                                            wasmsig_instance instance) {
  struct wsig_slot at = {NULL, NULL, wsig_handle_slot(instance)};
  uint32_t number = wsig_handle_chunk(instance);
  if (wsig_handle_tag(instance) != wsig_load_relaxed(&registry->tag)) return at;
  if (number >= wsig_load_acquire(&registry->chunks)) return at;
  uint32_t s = wsig_segment_of(number);
  struct wsig_segment *segment = wsig_load_seq_cst(&registry->segment[s]);
  if (!segment) return at;
  uint32_t place = wsig_place_in(s, number);
  if (!(wsig_load_seq_cst(&segment->chunks[place].used) >> at.slot & 1))
    return at;
  at.cold = &segment->cold[place];
  if (at.cold->generation[at.slot] == wsig_handle_generation(instance))
    at.chunk = &segment->chunks[place];
  return at;
}

WSIG_SPECIALIZED int64_t wsig_walk_instance(wasmsig_registry *registry,
                                            wasmsig_instance instance,
                                            wsig_visit visit, bool raises,
                                            void *context) {
  int64_t counted = WASMSIG_ENOINSTANCE;
  uint32_t side = wsig_walk_begin(registry);
  struct wsig_slot at = wsig_slot_of(registry, instance);
  if (at.chunk)
    counted = (int64_t)visit(at.chunk, at.cold, at.chunk,
                             UINT64_C(1) << at.slot, context);
  wsig_walk_end(registry, side, counted > 0 && raises ? (uint64_t)counted : 0);
  return counted;
}

#endif
