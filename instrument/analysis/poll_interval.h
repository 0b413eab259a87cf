/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pace: how often a poll is passed before it is made. */
#ifndef WSIG_INSTRUMENT_POLL_INTERVAL_H
#define WSIG_INSTRUMENT_POLL_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/** Turns between two polls of a loop that counts in a local, if the user wants
 * nothing else. A power of two. */
#define WSIG_TURNS UINT32_C(1024)

/** What one turn of a loop does, or one call of a function. */
struct wsig_work {
  uint64_t instructions; /* in its own body, without those of loops in it */
  bool has_calls;        /* that come back: a tail call leaves a loop */
  bool has_bulk;         /* one instruction that may take long */
};

/** Who counts. */
enum wsig_counter {
  WSIG_COUNT_NONE,   /* a poll each time */
  WSIG_COUNT_LOCAL,  /* a local of the function, from 0 at each call */
  WSIG_COUNT_GLOBAL, /* a global of the module, across calls */
};

struct wsig_poll_interval {
  uint32_t every; /* 0: there is no poll at all */
  enum wsig_counter counter;
};

/** `every`: what the user wants; 0: whatever fits the loop. Those of one
 * counter are the same in all of a module. */
struct wsig_poll_interval wsig_poll_interval_of_loop(
    const struct wsig_work *work, uint32_t every);
/** Of the head of a function that polls there (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_head(
    const struct wsig_work *work, uint32_t every);
/** Of the place behind a call, if there is a poll (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_return(uint32_t every);

#endif
