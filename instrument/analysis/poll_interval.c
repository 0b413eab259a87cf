/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How often a poll site polls, and by which load.
 *
 * A plain load takes less than 0.5 ns everywhere. An atomic one takes the same
 * in V8 and Cranelift, and 4 to 6 ns in JavaScriptCore. But an engine may read
 * a word only once for many plain loads, if nothing between them can write it.
 * So a plain load polls only where something can:
 *
 *  - A loop whose turns all store to the memory of the words. The store may
 *    have changed the word, so the load is repeated in each turn. (The address
 *    of the store is not known before. If it is, an engine could see that it is
 *    not the word's. None of the three does: they treat a store as one to the
 *    whole memory.)
 *  - The head of a function, and the site after a call. A function that is
 *    really called cannot know what was read before, and its caller not what it
 *    wrote. Engines inline calls, but not a whole recursion. A tail call is a
 *    jump, and a cycle of such jumps is a loop, so a function that has one
 *    loads atomically.
 *
 * In all other loops the load is atomic:
 *
 *  - A loop of few instructions without calls counts its turns in a local,
 *    which takes less than 0.3 ns, and polls at each 256th turn.
 *  - Other loops poll at each turn.
 *
 * A user who chooses the interval chooses it for all loops without calls, and
 * atomic loads everywhere: then nothing depends on the engine.
 */
#include "analysis/poll_interval.h"

/* So many instructions take ten times as long as a poll in JavaScriptCore. */
#define HEAVY 192

struct wsig_poll_interval wsig_poll_interval_of_loop(
    const struct wsig_work *work, uint32_t every) {
  struct wsig_poll_interval interval = {.every = 1};
  if (!work->repeats) {
    interval.every = 0;
  } else if (every > 0) {
    if (!work->has_calls) interval.every = every;
  } else if (work->stores) {
    interval.is_plain = true;
  } else if (!work->has_calls && !work->has_bulk &&
             work->instructions < HEAVY) {
    interval.every = WSIG_TURNS;
  }
  return interval;
}

struct wsig_poll_interval wsig_poll_interval_of_head(
    const struct wsig_work *work, uint32_t every) {
  return (struct wsig_poll_interval){1, every == 0 && !work->has_tail_calls};
}

struct wsig_poll_interval wsig_poll_interval_of_return(uint32_t every) {
  return (struct wsig_poll_interval){1, every == 0};
}
