/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The threads that the watchdog will check, in a heap by the time of their next
 * check. All under wsig_threads_lock.
 */
#ifndef WSIG_WATCH_HEAP_H
#define WSIG_WATCH_HEAP_H

#include "budgets/thread.h"

/* Makes room for `count` threads, so that nothing can fail later. False: no
 * memory. */
bool wsig_watch_heap_reserve(size_t count);

/* Puts the thread into the heap, or moves it there. */
void wsig_watch_heap_set(struct wsig_thread *thread, uint64_t at_ns);

/* Takes it out, if it is there. */
void wsig_watch_heap_remove(struct wsig_thread *thread);

/* The thread with the earliest check; NULL: the heap is empty. */
struct wsig_thread *wsig_watch_heap_first(void);

void wsig_watch_heap_empty(void);

#endif
