/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How often poll sites poll. Costs: an atomic load takes 4 to 6 ns in
 * JavaScriptCore, and less than 1 ns in V8 and Cranelift. Adding to a local
 * counter and comparing it with 0 takes about 0.3 ns in all of them, and with a
 * global counter about 1 ns. So:
 *
 * - A loop of few instructions counts in a local. The turns between two polls
 *   take some ten microseconds.
 * - A loop of many instructions polls at each turn.
 * - An instruction that moves much memory may take long: each turn polls.
 * - A loop with calls counts in the global, so that its callees continue the
 *   count. A local begins at 0 with each call; in recursion, where no call may
 *   take many turns, it might never reach a poll.
 * - Heads of functions and sites after calls count in the global as well.
 *   call_graph.c decides which of them poll.
 */
#include "analysis/poll_interval.h"

/* Passes of loops with calls, heads and returns, all together, between two
 * polls. A power of two. */
#define CALLS UINT32_C(32)
/* So many instructions take ten times as long as a poll in JavaScriptCore. */
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
