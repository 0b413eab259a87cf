/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "budgets/thread_list.h"

#include "budgets/thread_lock.h"

struct wsig_thread *wsig_threads;
size_t wsig_threads_count;
pthread_mutex_t wsig_threads_lock = PTHREAD_MUTEX_INITIALIZER;

void wsig_threads_add(struct wsig_thread *thread) {
  thread->next = wsig_threads;
  if (wsig_threads) wsig_threads->previous = thread;
  wsig_threads = thread;
  wsig_threads_count++;
}

void wsig_threads_remove(struct wsig_thread *thread) {
  if (thread->previous)
    thread->previous->next = thread->next;
  else
    wsig_threads = thread->next;
  if (thread->next) thread->next->previous = thread->previous;
  wsig_threads_count--;
}

void wsig_threads_lock_each(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    wsig_thread_lock(t);
}

void wsig_threads_unlock_each(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    wsig_thread_unlock(t);
}
