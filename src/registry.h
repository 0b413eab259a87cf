/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The registry's data, as its writers (registry.c) and its walkers (raise.c)
 * see it. The rules that keep them apart are at the top of each.
 */
#ifndef WSIG_REGISTRY_H
#define WSIG_REGISTRY_H

#include "wasmsig/host.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define WSIG_SLOTS 64u    /* instances in a chunk: one bit each of its bitmap */
#define WSIG_SEGMENTS 26u /* segment s holds 2^s chunks: 2^32 instances */
#define WSIG_NO_CHUNK UINT32_MAX

/* Slots of 64 instances. Never moves; `used` tells which slots mean a thing. */
struct wsig_chunk {
  uint64_t used;
  uint32_t *signal[WSIG_SLOTS];     /* NULL: no such word */
  uint32_t *terminated[WSIG_SLOTS]; /* NULL: no such word */
  uint64_t *pending[WSIG_SLOTS];    /* NULL: no such word */
  uint16_t generation[WSIG_SLOTS];  /* of the handle that names the slot */
  uint32_t next_open;               /* writers': chunk with a free slot */
};

struct wasmsig_registry {
  /* For walkers. */
  struct wsig_chunk *segment[WSIG_SEGMENTS];
  uint32_t chunks;   /* how many are in use, counted over the segments */
  uint32_t phase;    /* its lowest bit: which of `walks` a new walk counts in */
  uint64_t walks[2]; /* walks under way */
  struct wasmsig_registry *next; /* older registry; set before it is listed */

  /* For writers, under `lock`. */
  pthread_mutex_t lock;
  uint32_t first_open; /* chunk with a free slot, or WSIG_NO_CHUNK */
  uint64_t count;      /* tracked instances */
  uint16_t tag;        /* what handles of this registry begin with */
  bool live;           /* false: destroyed, waiting to be used again */
};

/* All registries that ever were, newest first. None is ever freed: a walk
 * over the list needs no protection. */
extern struct wasmsig_registry *wsig_registries;

extern wasmsig_statistics wsig_statistics;

/* A handle is tag (16) : generation (16) : index (32). */
static inline wasmsig_instance wsig_handle(uint16_t tag, uint16_t generation,
                                           uint32_t index) {
  return (uint64_t)tag << 48 | (uint64_t)generation << 32 | index;
}

/* The place of chunk number `chunk`: segment s begins at chunk 2^s - 1. */
static inline uint32_t wsig_segment_of(uint32_t chunk) {
  return 31u - (uint32_t)__builtin_clz(chunk + 1);
}
static inline uint32_t wsig_segment_size(uint32_t segment) {
  return 1u << segment;
}
static inline uint32_t wsig_place_in(uint32_t segment, uint32_t chunk) {
  return chunk + 1 - wsig_segment_size(segment);
}

/* raise.c: whether some registry tracks this signal word. */
bool wsig_process_tracks(const uint32_t *signal_word);

/* What a raise over the whole process found. */
struct wsig_raised {
  uint64_t reached; /* instances that got the signal */
  uint64_t fresh;   /* of these: it did not wait there already */
};
struct wsig_raised wsig_process_raise(int signal);

#endif
