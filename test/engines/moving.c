/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memories that move when they grow: written at the boundary of a call only. */
#include "guests.h"
#include "promises.h"

PROMISE(moved_is_signalled_at_sync) {
  NEEDS(engine.has_moving_memories, "in this build its memories do not move");
  struct guest *guest = engine.open(GROWING_GUEST, MOVING, NULL, NULL);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_MOVABLE);
  int moves = 0;
  for (int i = 0; i < 50; i++) {
    uint8_t *before = engine.memory(guest);
    int32_t pages = 0, signal = 0;
    assert_int_equal(engine.call(guest, "grow", 0, &pages), RETURNED);
    assert_int_equal(pages, i + 2);
    if (engine.memory(guest) != before) moves++;
    assert_int_equal(wasmsig_registry_raise(guest->registry, 10), 1);
    assert_int_equal(word_at(guest, SIGNAL_AT), 0);
    assert_int_equal(engine.sync(guest), 1);
    assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
    assert_int_equal(signal, 10);
    set_word(guest, SIGNAL_AT, 0);
    assert_int_equal(engine.sync(guest), 0);
  }
  assert_true(moves > 0);
  engine.close(guest);
}

PROMISE(moving_is_limited) {
  NEEDS(engine.has_moving_memories, "in this build its memories do not move");
  struct guest *guest = engine.open(GROWING_GUEST, MOVING, NULL, NULL);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, 20 * MS);
  struct limited call = call_limited(guest, &limits, "spin", 0);
  assert_int_equal(call.ending, LIMITED);
  assert_int_equal(call.outcome, WASMSIG_LEFT_KILLED);
  /* The end of the section has withdrawn its signal. */
  assert_int_equal(engine.sync(guest), 0);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  engine.close(guest);
}

PROMISE(shared_stays) {
  NEEDS(engine.has_moving_memories, "in this build its memories do not move");
  struct guest *guest = engine.open(SHARED_GUEST, MOVING, NULL, NULL);
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_SHARED);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 10), 1);
  assert_int_equal(word_at(guest, SIGNAL_AT), 10);
  engine.close(guest);
}

static const struct CMUnitTest moving[] = {
    KEEPS("a signal for a memory that may move waits for the next call",
          moved_is_signalled_at_sync),
    KEEPS("a guest whose memory may move is stopped at its hard limit",
          moving_is_limited),
    KEEPS("a shared memory never moves, and is written at once", shared_stays),
};

const struct row rows_of_moving[] = {
    ROW("Memories that may move", moving),
};
const size_t rows_of_moving_count =
    sizeof rows_of_moving / sizeof rows_of_moving[0];
