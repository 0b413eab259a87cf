/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The registry's data, for its writers (registry.c) and its walks (walk.h). Why
 * they may overlap is at the top of registry.c.
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
 * The slots of 64 instances, in two parts in separate arrays: what every raise
 * reads, and what only some raises read (cold). Neither moves. `used` says
 * which slots are valid. The contents of a slot change only while its bit is 0
 * and every walk that read a 1 has ended. The other bitmaps say how used slots
 * are written.
 */
struct wsig_chunk {
  uint64_t used;
  uint64_t checked; /* has more than a signal word, or is in `aside` */
  uint64_t aside;   /* MOVABLE or GUARDED: not written directly */
  uint64_t taken;   /* writers': used, or waits for its grace period */
  uint32_t *signal[WSIG_SLOTS]; /* NULL: no such word */
};

struct wsig_chunk_cold {
  uint32_t *terminated[WSIG_SLOTS]; /* NULL: no such word */
  uint64_t *pending[WSIG_SLOTS];    /* NULL: no such word */
  /* NULL: no such word, or in a memory that may move. Never written. */
  const uint64_t *handled[WSIG_SLOTS];
  uintptr_t memory[WSIG_SLOTS];    /* see wsig_class_of */
  uint16_t generation[WSIG_SLOTS]; /* of the handle that names the slot */
  uint32_t next_open;              /* writers': chunk with a free slot */
};

/* 2^s chunks and, after them in the same allocation, their cold parts. */
struct wsig_segment {
  struct wsig_chunk_cold *cold;
  struct wsig_chunk chunks[];
};

/* A MOVABLE instance: what waits for its owner's next sync. */
struct wsig_movable {
  uint64_t raised;    /* bit n-1: signal n waits */
  uint64_t cleared;   /* bit n-1: sync first clears signal n in the memory */
  uint32_t newest;    /* the number of the last raise; 0: none */
  uint32_t terminate; /* 1: sync sets the terminated word to 1 */
  uint32_t dead;      /* the terminated word was not 0 at the last sync */
  uint64_t signal, terminated, pending; /* offsets, or WASMSIG_NO_WORD */
};

struct wasmsig_registry {
  /* For walks. */
  struct wsig_segment *segment[WSIG_SEGMENTS];
  uint32_t chunks;   /* how many are in use, counted over the segments */
  uint32_t phase;    /* its lowest bit: which of `walks` a new walk counts in */
  uint64_t walks[2]; /* how many walks run; above WSIG_WALK_BITS a sum: how many
                        instances they raised for */
  uint32_t live;     /* 0: destroyed; reused once `tag` is 0 */
  uint16_t tag;      /* the first part of this registry's handles */
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

/* All registries that were ever created, the newest first. None is freed: a
 * walk over the list needs no protection. */
extern struct wasmsig_registry *wsig_registries;

extern wasmsig_statistics wsig_statistics;

/* A slot's `memory`: the memory's base, which is 8-aligned, and its class in
 * the lowest bits. For MOVABLE, whose class is 0, the address of a struct
 * wsig_movable instead. */
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

/* A slot of an instance: its chunk, the chunk's cold part, and which of 64. */
struct wsig_slot {
  struct wsig_chunk *chunk; /* NULL: no slot */
  struct wsig_chunk_cold *cold;
  uint32_t slot;
};

/* registry.c: the `memory` of the instance's slot. For the owner of the
 * instance: no other thread removes it. */
int wsig_registry_memory(wasmsig_registry *registry, wasmsig_instance instance,
                         uintptr_t *memory);

/* What a raise over the whole process found. */
struct wsig_raised {
  uint64_t reached; /* instances that received the signal */
  uint64_t fresh;   /* of these: it did not wait there already */
  uint64_t handled; /* of these: they say that they handle it */
  uint64_t silent;  /* of these: they do not say which signals they handle */
};
struct wsig_raised wsig_process_raise(int signal);

/* query.c: for how many instances of the process the signal, 1..64, waits. */
uint64_t wsig_process_waiting_for(int signal);
/* The same in one registry, which exists. */
uint64_t wsig_registry_waiting_for(wasmsig_registry *registry, int signal);

/* raise.c: clears the signal, and counts the instances that may not have taken
 * it. Every one in a MOVABLE memory counts: only its owner knows. */
uint64_t wsig_registry_withdraw(wasmsig_registry *registry, int signal);
uint64_t wsig_instance_withdraw(wasmsig_registry *registry,
                                wasmsig_instance instance, int signal);

#endif
