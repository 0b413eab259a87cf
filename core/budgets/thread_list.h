/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* All threads that have entered a section and have not ended. */
#ifndef WSIG_THREAD_LIST_H
#define WSIG_THREAD_LIST_H

#include "budgets/thread.h"

#include <pthread.h>

/* Both under wsig_threads_lock. Lock order: wsig_threads_lock, then a
 * thread's. */
extern struct wsig_thread *wsig_threads;
extern size_t wsig_threads_count;
extern pthread_mutex_t wsig_threads_lock;

/* All under wsig_threads_lock. */
void wsig_threads_add(struct wsig_thread *thread);
void wsig_threads_remove(struct wsig_thread *thread);

/* Takes and releases the locks of all of them. */
void wsig_threads_lock_each(void);
void wsig_threads_unlock_each(void);

#endif
