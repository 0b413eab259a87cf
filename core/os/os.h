/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the library uses of the operating system. Only files in this folder name
 * a system.
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

/* Clocks, timers, and the watchdog's thread. They are in a struct, so that
 * tests can replace them and run budgets without sleeping. `cpu_ns`,
 * `monotonic_ns`, `timer_set`, `timer_set_cpu` and `sleeps` may be called in
 * signal handlers. */
struct wsig_clock {
  /* The clock of timers and timed waits. */
  uint64_t (*monotonic_ns)(void);
  /* CPU time of the thread that `id` belongs to; false once it has ended. */
  bool (*cpu_ns)(clockid_t id, uint64_t *ns);
  /* Starts a detached thread with every signal blocked; false if it cannot. */
  bool (*spawn)(void *(*body)(void *));
  /* Makes a timer whose `signal` goes to the thread `tid`, with `tag` as its
   * value; false if the system refuses. NULL: the system has no such timers. */
  bool (*timer_make)(struct wsig_timer *timer, pid_t tid, int signal,
                     void *tag);
  /* Sets the timer: once, to `at_ns` of the monotonic clock. False if the
   * system refuses. */
  bool (*timer_set)(struct wsig_timer *timer, uint64_t at_ns);
  void (*timer_drop)(struct wsig_timer *timer);
  /* Also sets it to `at_cpu_ns` of its thread's CPU clock, or within a few ms
   * of CPU time after that: a thread that sleeps is not interrupted. May be
   * NULL. If the system refuses, nothing happens. */
  void (*timer_set_cpu)(struct wsig_timer *timer, uint64_t at_cpu_ns);
  /* How often the calling thread has gone to sleep since its start; may be
   * NULL. */
  uint64_t (*sleeps)(void);
  /* Whether CPU time may be computed from ticks (preemption_mark.h). */
  bool ticks;
};
extern const struct wsig_clock wsig_os_clock;

/* The one in use; tests replace it while no section runs. */
extern const struct wsig_clock *wsig_clock;

/* Prepares the clocks: once, before the first section. Not in a handler. */
void wsig_os_prepare_clocks(void);

/* The CPU clock of the calling thread, and the thread's number. */
bool wsig_os_thread_clock(clockid_t *id);
pid_t wsig_os_thread_id(void);

/* Makes the calling thread a watchdog: sets its name, the processors on which
 * it may run, and the accuracy of its sleeps. */
void wsig_os_become_watchdog(void);

/* Gives the calling thread a real-time priority, or takes it back if it
 * `was_given` one: it then runs sooner after it is woken. Answers the priority
 * that it has, 0 for none. */
int wsig_os_schedule_watchdog(int realtime_priority, bool was_given);

/* Waits until *word is no longer `value` and wsig_os_wake was called, or until
 * the monotonic clock reaches `until_ns`. It may also return for no reason. */
void wsig_os_wait(uint32_t *word, uint32_t value, uint64_t until_ns);

/* Memory that is not the allocator's: a handler may request it. NULL if there
 * is none. */
void *wsig_os_pages(size_t size);
void wsig_os_pages_free(void *pages, size_t size);

/* Signals. */

/* Whether a timer may use the signal. */
bool wsig_os_may_be_timers(int signal);
/* The highest real-time signal below `below` without a handler; 0: there is
 * none. */
int wsig_os_free_signal(int below);
/* Whether the calling thread blocks it. */
bool wsig_os_blocks(int signal);

/* Keeps the library loaded: from here on threads and the kernel know addresses
 * in it. In an executable it does nothing. */
void wsig_os_stay_loaded(void);

/* The address of a symbol of the process's libraries; NULL: there is none, or
 * the process cannot look symbols up. */
void *wsig_os_symbol(const char *name);

/* A short pause in a loop that waits for another thread. It becomes longer with
 * the turns. */
void wsig_os_pause(unsigned turn);

/* The mapping that holds an address. */
struct wsig_mapping {
  uintptr_t start;
  uintptr_t end;  /* first address after it */
  int protection; /* PROT_READ, PROT_WRITE, PROT_EXEC of mmap(2) */
};
bool wsig_os_mapping_at(uintptr_t address, struct wsig_mapping *mapping);

/* The same, read from the kernel's text: for kernels without a query. */
bool wsig_os_mapping_from_text(uintptr_t address, struct wsig_mapping *mapping);

/* The function in use; tests replace it. */
extern bool (*wsig_mapping_at)(uintptr_t, struct wsig_mapping *);

#endif
