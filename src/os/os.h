/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the library asks of the operating system. One file beside this one
 * answers for each system; nothing else names one.
 */
#ifndef WSIG_OS_H
#define WSIG_OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A clock and a thread to watch it. A struct, so that tests bring their own
 * and run budgets without sleeping. */
struct wsig_clock {
  /* The clock that timed waits are told in. */
  uint64_t (*monotonic_ns)(void);
  /* CPU time of the thread that `id` belongs to; false once it has ended. */
  bool (*cpu_ns)(clockid_t id, uint64_t *ns);
  /* Starts a detached thread with every signal blocked; false if it cannot. */
  bool (*spawn)(void *(*body)(void *));
};
extern const struct wsig_clock wsig_os_clock;

/* The CPU clock of the calling thread. */
bool wsig_os_thread_clock(clockid_t *id);

/* Waits on `changed` until the monotonic clock says `until_ns`, or a wake.
 * False when the time has come. `changed` is made by wsig_os_cond_init. */
void wsig_os_cond_init(pthread_cond_t *changed);
bool wsig_os_cond_wait(pthread_cond_t *changed, pthread_mutex_t *lock,
                       uint64_t until_ns);

/* A short pause in a loop that waits for another thread; longer with turns. */
void wsig_os_pause(unsigned turn);

/* The mapping that holds an address. */
struct wsig_mapping {
  uintptr_t start;
  uintptr_t end; /* first address behind it */
  bool accessible;
};
bool wsig_os_mapping_at(uintptr_t address, struct wsig_mapping *mapping);

/* The same, of a kernel that cannot be asked but tells it as text. */
bool wsig_os_mapping_from_text(uintptr_t address, struct wsig_mapping *mapping);

/* The one of the two in use; tests replace it. */
extern bool (*wsig_mapping_at)(uintptr_t, struct wsig_mapping *);

#endif
