/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the library asks of the operating system. One file beside this one
 * answers for each system; nothing else names one.
 */
#ifndef WSIG_OS_H
#define WSIG_OS_H

#include "os/handler.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Clocks, timers, and a thread to watch. A struct, so that tests bring their
 * own and run budgets without sleeping. `cpu_ns`, `monotonic_ns`, `timer_set`,
 * `timer_set_cpu` and `sleeps` may be called in signal handlers. */
struct wsig_clock {
  /* The clock that timers and timed waits are told in. */
  uint64_t (*monotonic_ns)(void);
  /* CPU time of the thread that `id` belongs to; false once it has ended. */
  bool (*cpu_ns)(clockid_t id, uint64_t *ns);
  /* Starts a detached thread with every signal blocked; false if it cannot. */
  bool (*spawn)(void *(*body)(void *));
  /* Makes a timer whose `signal` goes to the thread `tid`, with `tag` as its
   * value; false if the system refuses. NULL: there are no such timers. */
  bool (*timer_make)(struct wsig_timer *timer, pid_t tid, int signal,
                     void *tag);
  /* Sets it going: once, at `at_ns` of the monotonic clock. False if the
   * system refuses. */
  bool (*timer_set)(struct wsig_timer *timer, uint64_t at_ns);
  void (*timer_drop)(struct wsig_timer *timer);
  /* Sets it going as well at `at_cpu_ns` of its thread's CPU clock, or within a
   * few ms of CPU after that: a thread that sleeps is not interrupted. May be
   * NULL; if the system refuses, nothing happens. */
  void (*timer_set_cpu)(struct wsig_timer *timer, uint64_t at_cpu_ns);
  /* How often the calling thread has gone to sleep so far; may be NULL. */
  uint64_t (*sleeps)(void);
  /* Whether ticks may tell CPU time (preemption_mark.h). */
  bool ticks;
};
extern const struct wsig_clock wsig_os_clock;

/* The one in use; tests replace it while no section runs. */
extern const struct wsig_clock *wsig_clock;

/* Once, before the first section: what the clocks need. In no handler. */
void wsig_os_prepare_clocks(void);

/* The CPU clock of the calling thread, and the thread's number. */
bool wsig_os_thread_clock(clockid_t *id);
pid_t wsig_os_thread_id(void);

/* Makes the calling thread a watchdog: its name, where it may run, and how
 * exact its sleeps are. */
void wsig_os_become_watchdog(void);

/* How soon it comes to run once it is woken: gives it a real-time priority, or
 * takes it back if it `was_given` one. Answers which it has, 0 for none. */
int wsig_os_schedule_watchdog(int realtime_priority, bool was_given);

/* Waits until *word is not `value` any more and wsig_os_wake was called, until
 * the monotonic clock says `until_ns`, or for no reason. */
void wsig_os_wait(uint32_t *word, uint32_t value, uint64_t until_ns);

/* Memory that is not the allocator's: a handler may ask for it. NULL if there
 * is none. */
void *wsig_os_pages(size_t size);
void wsig_os_pages_free(void *pages, size_t size);

/* Signals. */

/* Whether it may be a timer's. */
bool wsig_os_may_be_timers(int signal);
/* The highest real-time signal below `below` without a handler; 0: there is
 * none. */
int wsig_os_free_signal(int below);
/* Whether the calling thread blocks it. */
bool wsig_os_blocks(int signal);

/* The library is not unloaded any more: from here on threads and the kernel
 * know addresses in it. Nothing happens in an executable. */
void wsig_os_stay_loaded(void);

/* The address of a symbol of the process's libraries; NULL: there is none, or
 * it cannot be asked for. */
void *wsig_os_symbol(const char *name);

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
