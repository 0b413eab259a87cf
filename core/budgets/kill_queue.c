/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Kill queue: threads and handlers add to `added`, a stack without a lock. The
 * watchdog moves all of it to a list of its own. A thread is in the queue once
 * (`queued`), so its link is never written while another thread reads it.
 */
#include "budgets/kill_queue.h"

#include "os/handler.h"
#include "test_points.h"

uint32_t wsig_watchdog_wakes;

static struct wsig_thread *added; /* the last one first; atomic */
static struct wsig_thread *moved; /* the next one first; the watchdog's */

void wsig_watchdog_wake(void) {
  /* Release: a thread that reads the new number reads what was changed before.
   */
  wsig_add_release(&wsig_watchdog_wakes, 1);
  wsig_os_wake(&wsig_watchdog_wakes);
}

void wsig_kill_queue_add(struct wsig_thread *thread) {
  /* Acquire: the watchdog took the thread out before it stored 0. */
  if (wsig_exchange_acquire(&thread->queued, 1) == 0) {
    struct wsig_thread *next = wsig_load_relaxed(&added);
    do {
      thread->next_queued = next;
      wsig_test_point(WSIG_POINT_QUEUE_LINK);
      /* Release: the watchdog, which takes the stack, reads the link. */
    } while (!wsig_cas_release(&added, &next, thread));
  }
  wsig_watchdog_wake();
}

static void move_added(void) {
  /* Acquire: the links that the threads have stored. */
  struct wsig_thread *next, *list = wsig_exchange_acquire(&added, NULL);
  for (; list; list = next) {
    next = list->next_queued;
    list->next_queued = moved;
    moved = list;
  }
}

struct wsig_thread *wsig_kill_queue_take(void) {
  move_added();
  struct wsig_thread *thread = moved;
  if (!thread) return NULL;
  moved = thread->next_queued;
  /* Release: the link was read before the thread is added again. */
  wsig_store_release(&thread->queued, 0);
  return thread;
}

bool wsig_kill_queue_is_empty(void) {
  return !moved && !wsig_load_relaxed(&added);
}

void wsig_kill_queue_remove(struct wsig_thread *thread) {
  move_added();
  for (struct wsig_thread **at = &moved; *at; at = &(*at)->next_queued)
    if (*at == thread) {
      *at = thread->next_queued;
      break;
    }
}

void wsig_kill_queue_empty(void) { added = moved = NULL; }
