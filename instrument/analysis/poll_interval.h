/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Poll intervals: at every how many passes a poll site polls, and by which
 * load. */
#ifndef WSIG_INSTRUMENT_POLL_INTERVAL_H
#define WSIG_INSTRUMENT_POLL_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/** Turns between two polls of a loop that counts them, unless the user chose
 * another number. A power of two. */
#define WSIG_TURNS UINT32_C(256)

/** The work of one turn of a loop, or of one call of a function. */
struct wsig_work {
  uint64_t instructions; /* of its own, without those of inner loops */
  bool has_calls;        /* that return, also in inner loops */
  bool has_bulk;         /* an instruction that may take long by itself */
  bool has_tail_calls;
  bool repeats; /* of a loop: a branch leads to its head */
  bool stores;  /* of a loop: each turn stores to the memory of the words */
};

struct wsig_poll_interval {
  /** 0: it never polls. More than 1: a local counts the passes. */
  uint32_t every;
  bool is_plain; /* by a plain load */
};

/** `every`: the user's number; 0: what suits the loop. In one module, all loops
 * that count have the same interval. */
struct wsig_poll_interval wsig_poll_interval_of_loop(
    const struct wsig_work *work, uint32_t every);
/** For the head of a function, if it polls (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_head(
    const struct wsig_work *work, uint32_t every);
/** For the site after a call, if it polls (call_graph.h). */
struct wsig_poll_interval wsig_poll_interval_of_return(uint32_t every);

#endif
