/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Threads in which no signal handler ever runs. */
#ifndef WSIG_QUIET_THREAD_H
#define WSIG_QUIET_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/* Starts a thread that blocks all signals, which it inherits: each is for a
 * thread that expects it. Returns 0 or an errno, as pthread_create(3). */
static inline int wsig_start_quiet_thread(pthread_t *thread,
                                          void *(*body)(void *)) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(thread, NULL, body, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

#endif
