/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "budgets/watch_heap.h"

#include <stdlib.h>

static struct wsig_thread **heap;
static size_t heap_size, heap_room;

static void put(size_t place, struct wsig_thread *thread) {
  heap[place] = thread;
  thread->heap_place = place;
}

static void sift_up(size_t place) {
  struct wsig_thread *thread = heap[place];
  for (; place > 0; place = (place - 1) / 2) {
    struct wsig_thread *parent = heap[(place - 1) / 2];
    if (parent->watch_at <= thread->watch_at) break;
    put(place, parent);
  }
  put(place, thread);
}

static void sift_down(size_t place) {
  struct wsig_thread *thread = heap[place];
  for (size_t child; (child = 2 * place + 1) < heap_size; place = child) {
    if (child + 1 < heap_size &&
        heap[child + 1]->watch_at < heap[child]->watch_at)
      child++;
    if (thread->watch_at <= heap[child]->watch_at) break;
    put(place, heap[child]);
  }
  put(place, thread);
}

static bool is_there(const struct wsig_thread *thread) {
  return thread->heap_place < heap_size && heap[thread->heap_place] == thread;
}

void wsig_watch_heap_set(struct wsig_thread *thread, uint64_t at_ns) {
  if (!is_there(thread)) put(heap_size++, thread);
  wsig_store_relaxed(&thread->watch_at, at_ns);
  sift_up(thread->heap_place);
  sift_down(thread->heap_place);
}

void wsig_watch_heap_remove(struct wsig_thread *thread) {
  wsig_store_relaxed(&thread->watch_at, WSIG_NEVER);
  if (!is_there(thread)) return;
  size_t place = thread->heap_place;
  struct wsig_thread *last = heap[--heap_size];
  if (last == thread) return;
  put(place, last);
  sift_up(place);
  sift_down(last->heap_place);
}

bool wsig_watch_heap_reserve(size_t count) {
  if (count <= heap_room) return true;
  size_t room = 2 * count + 14;
  struct wsig_thread **larger = realloc(heap, room * sizeof larger[0]);
  if (!larger) return false;
  heap = larger;
  heap_room = room;
  return true;
}

struct wsig_thread *wsig_watch_heap_first(void) {
  return heap_size > 0 ? heap[0] : NULL;
}

void wsig_watch_heap_empty(void) { heap_size = 0; }
