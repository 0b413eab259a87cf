/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the parts of the storm share: a tally of what every thread did, random
 * numbers, and guests of every class whose memory shows a store that missed.
 */
#ifndef WSIG_STORM_H
#define WSIG_STORM_H

#include "atomics.h"
#include "wasmsig/host.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---------------------------------------------------------------- tallies */

/* What one thread has done, and the handlers that interrupted it: so every
 * sum is changed by atomic adds. */
struct tally {
  uint64_t reached[WASMSIG_SIGNAL_MAX + 1]; /* instances, as raises answered */
  uint64_t taken[WASMSIG_SIGNAL_MAX + 1];   /* out of pending sets */
  uint64_t total;                           /* the sum of `reached` */
  uint64_t walks, handlers, nested;
  uint64_t adds, removes, destroys, moves, promises, refused;
};

extern _Thread_local struct tally *tally; /* the calling thread's */

/* Registers a tally of the calling thread; it is never freed. */
void tally_begin(void);

/* Adds up those of all threads. */
struct tally tally_sum(void);

static inline void add_to(uint64_t *sum, uint64_t more) {
  wsig_add_relaxed(sum, more);
}

_Noreturn void die(const char *what);

/* --------------------------------------------------------- random numbers */

/* Marsaglia, "Xorshift RNGs", 2003. */
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

/* A number below `bound`. */
static inline uint32_t pick(uint64_t *state, uint32_t bound) {
  return (uint32_t)(next_random(state) >> 32) % bound;
}

/* ----------------------------------------------------------------- guests */

#define PAGE 4096u

enum kind { PLAIN, FULL, SHARED, MOVABLE, GUARDED, KINDS };

/* A memory that several instances have, of several threads and registries. */
struct common;

/* An instance and its memory: a page of canaries with the words somewhere in
 * it, at another place in each, so that a store that comes late meets a canary
 * of the next owner of the page, or no page at all. */
struct guest {
  unsigned char *memory; /* NULL: there is no guest */
  wasmsig_registry *registry;
  wasmsig_instance instance;
  struct common *common; /* of a SHARED one */
  uint32_t word_at;      /* 16 bytes: signal, terminated, pending */
  enum kind kind;
  bool terminated; /* by its owner, and that has returned */
  bool locked;     /* GUARDED: its memory cannot be reached */
  bool is_silent;  /* leaves signals to another owner of the words */
};

/* Makes a memory and tracks it. */
void guest_begin(struct guest *guest, enum kind kind, struct common *common,
                 wasmsig_registry *registry, uint64_t *random);

/* Removes it and unmaps its memory on the next line. */
void guest_end(struct guest *guest);

/* The same of a guest whose registry has been destroyed. */
void guest_unmap(struct guest *guest);

/* What a guest does at a call boundary: takes the signals that wait, by
 * exchange. Answers the pending set's bits. */
uint64_t guest_take(struct guest *guest);

/* Moves a MOVABLE guest's memory; the old place is unmapped. */
void guest_move(struct guest *guest);

/* Locks a GUARDED guest's memory against everybody, or unlocks it. */
void guest_lock(struct guest *guest, bool locked);

/* A shared memory, mapped while it has guests; or always, if `kept`. */
struct common *common_new(uint64_t *random, bool kept);

/* Counts what still waits there; nothing raises any more. */
void common_end(struct common *common);

/* Whether the system lets this process write to itself. */
bool guarded_works(void);

/* ------------------------------------------------------------------ scene */

#define LASTING 2u  /* registries that stay for the whole storm */
#define PASSING 4u  /* places for those that come and go */
#define HANDLES 64u /* of instances that were there a moment ago */
#define COMMONS 8u  /* shared memories */
#define COURIERS 2u /* threads that follow one signal to every steady guest */
#define STEADY 12u

/* Signals 1..LAST_WILD are raised and cleared at random by everybody. */
#define LAST_WILD 60u
#define COURIER_SIGNAL(n) (LAST_WILD + 1 + (n)) /* raised by that courier */
#define OWNERS_SIGNAL 64 /* raised by an instance's owner alone */

/* An instance that stays, and what its owner has taken out of its set. */
struct steady {
  struct guest guest;
  uint64_t seen;
};

struct scene {
  wasmsig_registry *lasting[LASTING];
  wasmsig_registry *passing[PASSING]; /* may have been destroyed since */
  struct {
    wasmsig_registry *registry;
    wasmsig_instance instance;
  } handles[HANDLES]; /* may have been removed since */
  wasmsig_registry *steady_registry;
  struct steady steady[STEADY];
  struct common *commons[COMMONS]; /* come and go */
  struct common *kept[STEADY];     /* the steady ones' */
  bool guarded;                    /* there are GUARDED guests */
  bool over;                       /* atomic */
  bool quiet;                      /* atomic: no thread raises any more */
};
extern struct scene scene;

static inline bool storm_is_over(void) {
  return wsig_load_relaxed(&scene.over);
}

/* owners.c: threads. `seed` is a number, not 0. */
void *add_and_remove(void *seed);
void *create_and_destroy(void *seed);
void *keep_steady(void *seed);
void steady_begin(uint64_t *random);
bool steady_have_seen(uint32_t signal);
void steady_end(void);

/* raisers.c: a thread that raises; courier number `n`. */
void *raise_without_pause(void *n);

/* raisers.c: from now on a timer interrupts the calling thread, at random. */
void timer_begin(void);
void timer_end(void);

/* A timer of the whole process, whose handler may interrupt the others'. */
void alarm_begin(void);
void alarm_end(void);

#endif
