/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rooms of the storm of sections: a budget, the words of its guest and its
 * engine, between canaries; and what is checked each time that it was left.
 */
#ifndef WSIG_ROOMS_H
#define WSIG_ROOMS_H

#include "storm.h"

/* What was done, by all threads; atomic. */
struct sum {
  uint64_t kills, undos; /* of engines: not the ones that are repeated */
  uint64_t sections, killed, nested, jumps;
  uint64_t signals, entered_in_handlers, refused_in_handlers;
  uint64_t threads, ended_inside, forks, changes, busy;
  uint64_t suspended, killed_again;
};
extern struct sum sum;

extern wasmsig_registry *registry; /* of all rooms */

struct room {
  uint64_t canary0;
  wasmsig_budget budget;
  uint64_t canary1;
  struct {
    uint32_t signal, terminated;
    uint64_t pending;
  } words;
  uint64_t canary2;
  wasmsig_instance instance;
  uint64_t begun; /* kills since the last undo; atomic */
  uint64_t hard_ns;
  bool has_soft;
};

static inline bool is_killed(const struct room *room) {
  return wsig_load_acquire(&room->begun) != 0;
}

void room_open(struct room *room, uint64_t *random);
void room_close(struct room *room);

/* A new request, with other limits. */
void room_reset(struct room *room, uint64_t *random);

void enter(struct room *room);

/* Answers a wasmsig_outcome. */
int leave(struct room *room);

/* A guest that never returns, until one of the two is killed. */
void spin_until_killed(const struct room *a, const struct room *b);

/* After a leave, whatever it said. Takes a random while. */
void check_left(struct room *room, uint64_t *random);

/* A whole section: one that runs into its limit, or about as long. */
void run_single(struct room *room, uint64_t *random);

void spin(uint64_t turns);

#endif
