/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Why nothing stays unwritten: the thread reads `wakes` before it writes, and
 * sleeps only while `wakes` is still the same. A wake is an addition after the
 * data was left (release, the thread's load acquires). So a wake that the write
 * could have missed ends the sleep.
 *
 * Why a flush may come from a signal handler: it takes no lock. A handler may
 * have interrupted a thread that holds a lock which `write` needs; the flush
 * then ends by its time.
 */
#include "writer.h"

#include "atomics.h"
#include "os/os.h"

#include <unistd.h>

void wkd_writer_start(struct wkd_writer *writer) {
  if (wsig_load_relaxed(&writer->process) != 0) return;
  /* The thread blocks every signal: a full disk or a reader that has gone
   * (SIGXFSZ, SIGPIPE) is an error of write(), and does not end the process. */
  if (wsig_os_clock.spawn(writer->body))
    wsig_store_release(&writer->process, getpid());
}

static void change(uint32_t *counter) {
  wsig_add_release(counter, 1);
  wsig_os_wake(counter);
}

void wkd_writer_wake(struct wkd_writer *writer) { change(&writer->wakes); }

void wkd_writer_flush(struct wkd_writer *writer, uint64_t until_ns) {
  if (wsig_load_acquire(&writer->process) != getpid()) return;
  uint32_t mine = wsig_add_release(&writer->flushes, 1) + 1;
  wsig_os_wake(&writer->flushes);
  wkd_writer_wake(writer);
  for (;;) {
    uint32_t flushed = wsig_load_acquire(&writer->flushed);
    if ((int32_t)(flushed - mine) >= 0) return;
    if (wsig_os_monotonic_ns() >= until_ns) return;
    wsig_os_wait(&writer->flushed, flushed, until_ns);
  }
}

static void wait_for_work(struct wkd_writer *writer, uint32_t wakes) {
  while (wsig_load_acquire(&writer->wakes) == wakes)
    wsig_os_wait(&writer->wakes, wakes, UINT64_MAX);
}

/* Until the interval is over, or a flush is requested. */
static void pause_until(struct wkd_writer *writer, uint32_t flushes,
                        uint64_t until_ns) {
  while (wsig_os_monotonic_ns() < until_ns &&
         wsig_load_acquire(&writer->flushes) == flushes)
    wsig_os_wait(&writer->flushes, flushes, until_ns);
}

_Noreturn void wkd_writer_run(struct wkd_writer *writer) {
  for (;;) {
    uint32_t flushes = wsig_load_acquire(&writer->flushes);
    uint32_t wakes = wsig_load_acquire(&writer->wakes);
    writer->write();
    uint64_t until_ns = wsig_os_monotonic_ns() + writer->interval_ns;
    wsig_store_release(&writer->flushed, flushes);
    wsig_os_wake(&writer->flushed);
    wait_for_work(writer, wakes);
    pause_until(writer, flushes, until_ns);
  }
}
