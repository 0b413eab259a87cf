/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A thread that writes what others have left for it, so that no request waits
 * for a disk or for a reader.
 */
#ifndef WSIG_WORKERD_WRITER_H
#define WSIG_WORKERD_WRITER_H

#include <stdint.h>
#include <sys/types.h>

struct wkd_writer {
  void (*write)(void);         /* writes all that there is */
  void *(*body)(void *unused); /* calls wkd_writer_run */
  uint64_t interval_ns;        /* at least, between two writes */

  /* Counters: the threads wait for their change. */
  uint32_t wakes, flushes, flushed;
  pid_t process; /* in which the thread runs; 0: it does not run yet */
};

/**
 * Starts the thread, if it does not run yet. Only one thread at a time may call
 * it.
 */
void wkd_writer_start(struct wkd_writer *writer);

/** Says that there is something to write. Any thread, signal handlers: yes. */
void wkd_writer_wake(struct wkd_writer *writer);

/**
 * Waits until all that was left before is written, or until `until_ns` of the
 * monotonic clock. In a child of the process, which does not have the thread,
 * it does nothing. Any thread, signal handlers: yes.
 */
void wkd_writer_flush(struct wkd_writer *writer, uint64_t until_ns);

/** The thread's body; it never returns. */
_Noreturn void wkd_writer_run(struct wkd_writer *writer);

#endif
