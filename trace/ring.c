/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A ring that threads and signal handlers fill, and one thread empties.
 *
 * `room` counts the slots that nobody has. A put first takes its slots out of
 * `room`, all or none: a begin takes two, so that its end, which takes none,
 * has its slot from then on. Then the put takes a ticket, the number of its
 * event. The slot of ticket t is t % SLOTS. It is published by storing t + 1 in
 * it, after the event.
 *
 * Why a put never writes a slot that is not read yet: at the time of ticket t,
 * the puts of tickets 0..t have taken t + 1 slots or more out of `room`, which
 * had SLOTS at first. So the reader has put back t + 1 - SLOTS slots or more,
 * one for each event in order, and it has read t - SLOTS. Each put takes its
 * room before its ticket (acquire on `room`, then release on `tickets`), and
 * the put of ticket t sees all these (acquire on `tickets`), so also what the
 * reader released with the room.
 *
 * A put that a handler interrupts publishes its slot later. Until then the
 * reader stops there. Nobody waits, so a handler may interrupt a put at any
 * instruction, and may never return.
 */
#include "trace/ring.h"

#include <sys/mman.h>

#define SLOTS UINT64_C(16384)

struct slot {
  uint64_t published; /* atomic */
  struct wsig_trace_record record;
};

static struct slot *slots;
static int64_t room = SLOTS;                     /* atomic */
static int64_t open_room = WSIG_TRACE_MOST_OPEN; /* atomic */
static uint64_t tickets;                         /* atomic */
static uint64_t lost;                            /* atomic */
static uint64_t quarters; /* of the ring, by tickets; atomic */
static uint64_t next;     /* the reader's */

bool wsig_trace_ring_open(void) {
  void *pages = mmap(NULL, SLOTS * sizeof *slots, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return false;
  slots = pages;
  return true;
}

/* Takes `count` out of `*from`, or nothing. */
static bool take_out(int64_t *from, int64_t count) {
  int64_t left = __atomic_load_n(from, __ATOMIC_RELAXED);
  while (left >= count) {
    /* Acquire: before the slot is written; see the top. */
    if (__atomic_compare_exchange_n(from, &left, left - count, true,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      return true;
  }
  return false;
}

static void put_back(int64_t *to) {
  /* Release: after the slot was read; see the top. */
  __atomic_add_fetch(to, 1, __ATOMIC_RELEASE);
}

static bool reserve(enum wsig_trace_kind kind) {
  if (kind == WSIG_TRACE_END) return true; /* its begin has */
  if (kind != WSIG_TRACE_BEGIN) return take_out(&room, 1);
  if (!take_out(&open_room, 1)) return false;
  if (take_out(&room, 2)) return true;
  put_back(&open_room);
  return false;
}

bool wsig_trace_ring_put(const struct wsig_trace_record *record) {
  if (!reserve(record->kind)) {
    __atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
    return false;
  }
  uint64_t ticket = __atomic_fetch_add(&tickets, 1, __ATOMIC_ACQ_REL);
  struct slot *slot = &slots[ticket % SLOTS];
  slot->record = *record;
  /* seq_cst: after the record, and before the load that decides whether to wake
   * the reader (wake.c). */
  __atomic_store_n(&slot->published, ticket + 1, __ATOMIC_SEQ_CST);
  /* After the ticket: so no more slices are open at any ticket either. */
  if (record->kind == WSIG_TRACE_END) put_back(&open_room);
  return true;
}

bool wsig_trace_ring_is_filling(void) {
  uint64_t now = __atomic_load_n(&tickets, __ATOMIC_RELAXED) / (SLOTS / 4);
  uint64_t seen = __atomic_load_n(&quarters, __ATOMIC_RELAXED);
  return now != seen &&
         __atomic_compare_exchange_n(&quarters, &seen, now, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool wsig_trace_ring_has_next(void) {
  /* seq_cst: after the store that requests to be woken (wake.c). Also
   * acquire: before the record is read. */
  return __atomic_load_n(&slots[next % SLOTS].published, __ATOMIC_SEQ_CST) ==
         next + 1;
}

bool wsig_trace_ring_take(struct wsig_trace_record *record) {
  if (!wsig_trace_ring_has_next()) return false;
  *record = slots[next % SLOTS].record;
  next++;
  put_back(&room);
  return true;
}

bool wsig_trace_ring_is_empty(void) {
  return next == __atomic_load_n(&tickets, __ATOMIC_ACQUIRE);
}

bool wsig_trace_ring_skip(void) {
  if (wsig_trace_ring_is_empty()) return false;
  next++; /* its room is never put back: that put may still write */
  return true;
}

uint64_t wsig_trace_ring_lost(void) {
  return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}
