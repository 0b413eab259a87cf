/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How often: an atomic load costs 4 to 6 ns in JavaScriptCore, less than one in
 * V8 and Cranelift, a local counter that is added to and compared with 0 about
 * 0.3 ns in all of them, a global one about 1 ns.
 *
 * - A loop of few instructions counts in a local. Between two polls it takes as
 *   many turns as make some ten microseconds.
 * - A turn of many instructions can bear a poll.
 * - An instruction that moves much memory may take long: a poll each time.
 * - A loop that calls counts in the global: its callees may count on, and in
 *   recursion no call need take many turns, so that a local, which begins at 0
 *   with each call, might never come to a poll.
 * - So do heads of functions and places behind calls. Which of them poll at all
 *   is decided in call_graph.c.
 */
#include "analysis/poll_interval.h"

/* Turns of loops with calls, heads and returns, all together, between two
 * polls. A power of two. */
#define CALLS UINT32_C(32)
/* As many instructions take ten times as long as a poll in JavaScriptCore. */
#define HEAVY 192

static const struct wsig_poll_interval each = {1, WSIG_COUNT_NONE};

static struct wsig_poll_interval counted(uint32_t every, uint32_t by_default,
                                         enum wsig_counter counter) {
  if (every == 0) every = by_default;
  return every == 1 ? each : (struct wsig_poll_interval){every, counter};
}

struct wsig_poll_interval wsig_poll_interval_of_loop(
    const struct wsig_work *work, uint32_t every) {
  if (every == 0 && (work->has_bulk || work->instructions >= HEAVY))
    return each;
  if (work->has_calls) return counted(every, CALLS, WSIG_COUNT_GLOBAL);
  return counted(every, WSIG_TURNS, WSIG_COUNT_LOCAL);
}

struct wsig_poll_interval wsig_poll_interval_of_head(
    const struct wsig_work *work, uint32_t every) {
  if (every == 0 && work->has_bulk) return each;
  return counted(every, CALLS, WSIG_COUNT_GLOBAL);
}

struct wsig_poll_interval wsig_poll_interval_of_return(uint32_t every) {
  return counted(every, CALLS, WSIG_COUNT_GLOBAL);
}
