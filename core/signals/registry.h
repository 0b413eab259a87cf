/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The registry's data, as its writers (registry.c) and its walkers (raise.c)
 * see it. The rules that keep them apart are at the top of each.
 */
#ifndef WSIG_REGISTRY_H
#define WSIG_REGISTRY_H

#include "signals/index.h"
#include "wasmsig/host.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define WSIG_SLOTS 64u /* instances in a chunk: one bit each of its bitmaps */
#define WSIG_SEGMENTS 26u /* segment s holds 2^s chunks: 2^32 instances */
#define WSIG_NO_CHUNK UINT32_MAX

#define WSIG_WALK_BITS 20u /* of a counter of walks: a million at once */
#define WSIG_WALK_MASK ((UINT64_C(1) << WSIG_WALK_BITS) - 1)

/*
 * Slots of 64 instances, in two parts that lie in arrays of their own: what
 * every raise streams through, and the rest. Neither ever moves. `used` tells
 * which slots mean a thing; what a slot holds changes only while its bit is 0
 * and no walk is left that saw it 1. The other bitmaps tell, of used slots,
 * how they are written.
 */
struct wsig_chunk {
  uint64_t used;
  uint64_t checked; /* has more than a signal word, or is aside */
  uint64_t aside;   /* MOVABLE or GUARDED: nothing is stored directly */
  uint64_t taken;   /* writers': used, or waiting for its grace period */
  uint32_t *signal[WSIG_SLOTS]; /* NULL: no such word */
};

struct wsig_rest {
  uint32_t *terminated[WSIG_SLOTS]; /* NULL: no such word */
  uint64_t *pending[WSIG_SLOTS];    /* NULL: no such word */
  /* NULL: no such word, or in a memory that may move. Only ever read. */
  const uint64_t *handled[WSIG_SLOTS];
  uintptr_t memory[WSIG_SLOTS];    /* see wsig_class_of */
  uint16_t generation[WSIG_SLOTS]; /* of the handle that names the slot */
  uint32_t next_open;              /* writers': chunk with a free slot */
};

/* 2^s chunks and, behind them in the same allocation, their rests. */
struct wsig_segment {
  struct wsig_rest *rests;
  struct wsig_chunk chunks[];
};

/* A MOVABLE instance: what waits for its owner's next call boundary. */
struct wsig_movable {
  uint64_t raised;    /* bit n-1: signal n waits */
  uint64_t withdrawn; /* bit n-1: signal n is to be taken back before */
  uint32_t newest;    /* the number that was raised last, 0: none */
  uint32_t terminate; /* 1: the terminated word is to become 1 */
  uint32_t dead;      /* the terminated word was not 0 when last looked at */
  uint64_t signal, terminated, pending; /* offsets, or WASMSIG_NO_WORD */
};

struct wasmsig_registry {
  /* For walkers. */
  struct wsig_segment *segment[WSIG_SEGMENTS];
  uint32_t chunks;   /* how many are in use, counted over the segments */
  uint32_t phase;    /* its lowest bit: which of `walks` a new walk counts in */
  uint64_t walks[2]; /* walks under way, and above WSIG_WALK_BITS a sum: to how
                        many instances they raised */
  uint32_t live;     /* 0: destroyed, waiting to be used again */
  uint16_t tag;      /* what handles of this registry begin with */
  struct wasmsig_registry *next; /* older registry; set before it is listed */

  /* For writers, under `lock`. */
  pthread_mutex_t lock;
  uint32_t first_open;        /* chunk with a free slot, or WSIG_NO_CHUNK */
  uint64_t count;             /* tracked instances */
  struct wsig_index memories; /* slots by their memory's base */

  pthread_mutex_t grace_lock; /* one slow grace period at a time */

  /* How often withdraw.c has cleared each signal; atomic. */
  uint32_t clear_count[WASMSIG_SIGNAL_MAX + 1];
};

/* All registries that ever were, newest first. None is ever freed: a walk
 * over the list needs no protection. */
extern struct wasmsig_registry *wsig_registries;

extern wasmsig_statistics wsig_statistics;

/* A slot's memory: its base, which is 8-aligned, and its class in the lowest
 * bits. MOVABLE, whose class is 0, has a struct wsig_movable in its place. */
static inline wasmsig_memory_class wsig_class_of(uintptr_t memory) {
  return (wasmsig_memory_class)(memory & 7u);
}
static inline uintptr_t wsig_base_of(uintptr_t memory) {
  return memory & ~(uintptr_t)7u;
}
static inline struct wsig_movable *wsig_movable_of(uintptr_t memory) {
  return (struct wsig_movable *)memory;
}

/* A handle is tag (16) : generation (16) : number of the slot (32). */
static inline wasmsig_instance wsig_handle(uint16_t tag, uint16_t generation,
                                           uint32_t number) {
  return (uint64_t)tag << 48 | (uint64_t)generation << 32 | number;
}
static inline uint16_t wsig_handle_tag(wasmsig_instance instance) {
  return (uint16_t)(instance >> 48);
}
static inline uint16_t wsig_handle_generation(wasmsig_instance instance) {
  return (uint16_t)(instance >> 32);
}
static inline uint32_t wsig_handle_chunk(wasmsig_instance instance) {
  return (uint32_t)instance / WSIG_SLOTS;
}
static inline uint32_t wsig_handle_slot(wasmsig_instance instance) {
  return (uint32_t)instance % WSIG_SLOTS;
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

/* A slot of an instance: its chunk, the chunk's rest, and which of the 64. */
struct wsig_slot {
  struct wsig_chunk *chunk; /* NULL: there is none */
  struct wsig_rest *rest;
  uint32_t slot;
};

/* registry.c: what the instance's slot has as `memory`. For its owner, who
 * alone removes it. */
int wsig_registry_memory(wasmsig_registry *registry, wasmsig_instance instance,
                         uintptr_t *memory);

/* What a raise over the whole process found. */
struct wsig_raised {
  uint64_t reached; /* instances that got the signal */
  uint64_t fresh;   /* of these: it did not wait there already */
  uint64_t handled; /* of these: they say that they handle it */
  uint64_t silent;  /* of these: they do not say which they handle */
};
struct wsig_raised wsig_process_raise(int signal);

/* raise.c: clear, and how many instances may not have taken it: of a MOVABLE
 * memory only the next sync knows. */
uint64_t wsig_registry_withdraw(wasmsig_registry *registry, int signal);
uint64_t wsig_instance_withdraw(wasmsig_registry *registry,
                                wasmsig_instance instance, int signal);

#endif
