/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Poll intervals: at every how many passes a poll site polls. */
#ifndef WSIG_INSTRUMENT_POLL_INTERVAL_H
#define WSIG_INSTRUMENT_POLL_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/** Turns between two polls of a loop that counts in a local, unless the user
 * chose another number. A power of two. */
#define WSIG_TURNS UINT32_C(1024)

/** The work of one turn of a loop, or of one call of a function. */
struct wsig_work {
  uint64_t instructions; /* of its own, without those of inner loops */
  bool has_calls;        /* that return: a tail call leaves the loop */
  bool has_bulk;         /* an instruction that may take long by itself */
};

/** Where the passes are counted. */
enum wsig_counter {
  WSIG_COUNT_NONE,   /* nowhere: each pass polls */
  WSIG_COUNT_LOCAL,  /* a local of the function, from 0 at each call */
  WSIG_COUNT_GLOBAL, /* a global of the module, across calls */
};

struct wsig_poll_interval {
  uint32_t every; /* 0: it never polls */
  enum wsig_counter counter;
};

/** `every`: the user's number; 0: what suits the loop. In one module, all
 * intervals with the same counter are equal. */
struct wsig_poll_interval wsig_poll_interval_of_loop(
    const struct wsig_work *work, uint32_t every);
/** For the head of a function, if it polls (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_head(
    const struct wsig_work *work, uint32_t every);
/** For the site after a call, if it polls (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_return(uint32_t every);

#endif
