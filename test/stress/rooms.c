/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Rooms of the storm of sections, and what is checked in them. */
#include "rooms.h"

#include <stdio.h>
#include <string.h>

#define CANARY UINT64_C(0x5afe5afe5afe5afe)
#define US UINT64_C(1000)
#define SLACK_NS (10 * US) /* the header: 5 us; and of its own reading */
#define XCPU_BIT (UINT64_C(1) << (WASMSIG_SIGXCPU - 1))

void spin(uint64_t turns) {
  for (volatile uint64_t i = 0; i < turns; i++) continue;
}

/* ------------------------------------------------------------------- rooms */

static void kill_room(void *context) {
  struct room *room = context;
  if (wsig_add_release(&room->begun, 1) == 0) add_to(&sum.kills, 1);
}

static void undo_room(void *context) {
  struct room *room = context;
  if (wsig_exchange_relaxed(&room->begun, 0) == 0)
    die("an undo where nothing was killed");
  add_to(&sum.undos, 1);
}

static uint64_t pending_in(const struct room *room) {
  return wsig_load_acquire(&room->words.pending);
}

static void check_canaries(const struct room *room) {
  if (room->canary0 != CANARY || room->canary1 != CANARY ||
      room->canary2 != CANARY || room->words.terminated != 0)
    die("something was written beside a word or a budget");
}

/* Limits of a few tens of microseconds: leave and kill meet all the time. */
static wasmsig_budget_options some_limits(struct room *room, uint64_t *random) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  room->hard_ns = (5 + pick(random, 100)) * US;
  room->has_soft = pick(random, 2);
  options.hard_ns = room->hard_ns;
  if (room->has_soft)
    options.soft_ns = 1 + pick(random, (uint32_t)room->hard_ns);
  options.registry = registry;
  options.instances = &room->instance;
  options.count = 1;
  options.kill = kill_room;
  options.undo = undo_room;
  options.context = room;
  options.kill_is_signal_safe = pick(random, 2);
  return options;
}

void room_open(struct room *room, uint64_t *random) {
  memset(room, 0, sizeof *room);
  room->canary0 = room->canary1 = room->canary2 = CANARY;
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = &room->words;
  words.length = sizeof room->words;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = 0;
  words.terminated = 4;
  words.pending = 8;
  if (wasmsig_instance_add(registry, &words, &room->instance) != WASMSIG_OK)
    die("an add failed");
  wasmsig_budget_options options = some_limits(room, random);
  if (wasmsig_budget_init(&room->budget, &options) != WASMSIG_OK)
    die("an init failed");
}

void room_close(struct room *room) {
  if (wasmsig_budget_destroy(&room->budget) != WASMSIG_OK)
    die("a budget that was left is still entered");
  if (is_killed(room)) die("a kill landed after the last leave");
  if (wasmsig_instance_remove(registry, room->instance) != WASMSIG_OK)
    die("a remove failed");
  check_canaries(room);
}

void room_reset(struct room *room, uint64_t *random) {
  wasmsig_budget_options options = some_limits(room, random);
  if (wasmsig_budget_reset(&room->budget, &options) != WASMSIG_OK)
    die("a reset failed");
  if (pending_in(room) & XCPU_BIT) die("a reset left its signal there");
  check_canaries(room);
}

/* ---------------------------------------------------------------- sections */

void enter(struct room *room) {
  int error = wasmsig_budget_enter(&room->budget);
  if (error != WASMSIG_OK) die(wasmsig_error_name(error));
  add_to(&sum.sections, 1);
}

void spin_until_killed(const struct room *a, const struct room *b) {
  while (!is_killed(a) && !is_killed(b)) continue;
  const struct room *killed = is_killed(a) ? a : b;
  if (killed->has_soft && !(pending_in(killed) & XCPU_BIT))
    die("a guest was killed and not signalled before");
}

void check_left(struct room *room, uint64_t *random) {
  uint64_t used = wasmsig_budget_used_ns(&room->budget);
  bool killed =
      wasmsig_budget_get_state(&room->budget) == WASMSIG_BUDGET_KILLED;
  if (is_killed(room)) die("a kill is there after the leave");
  if (used >= room->hard_ns && !killed) die("a passed limit was not acted on");
  if (killed && used + SLACK_NS < room->hard_ns) {
    fprintf(stderr, "used %llu ns, limit %llu ns\n", (unsigned long long)used,
            (unsigned long long)room->hard_ns);
    die("a kill came early");
  }
  if (killed) add_to(&sum.killed, 1);
  spin(pick(random, 4) ? pick(random, 100) : pick(random, 100000));
  if (is_killed(room)) die("a kill landed a while after the leave");
}

int leave(struct room *room) {
  int outcome = wasmsig_budget_leave(&room->budget);
  if (outcome < WASMSIG_OK) die("a leave failed");
  return outcome;
}

void run_single(struct room *room, uint64_t *random) {
  enter(room);
  bool waits_for_kill = pick(random, 4);
  if (waits_for_kill)
    spin_until_killed(room, room);
  else
    spin(pick(random, 100000));
  if (leave(room) != WASMSIG_LEFT_KILLED && waits_for_kill)
    die("a section that was killed does not say so");
  check_left(room, random);
}
