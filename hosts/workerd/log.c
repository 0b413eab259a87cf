/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests append lines to one buffer. The thread takes that buffer, gives
 * them the other one, and writes what it took. Where the file cannot be written
 * (a pipe that is full, a disk that is full), the buffer fills up, and lines
 * are dropped and counted. A line says how many, as soon as it can be written.
 *
 * Lines stay whole: a write has whole lines only, and at most PIPE_BUF bytes.
 * The thread writes when poll() says that there is room: standard error may be
 * shared with others, so its flags are not changed. Should another process fill
 * that room first, then the write blocks, in this thread.
 */
#include "log.h"

#include "lines.h"
#include "settings.h"
#include "writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Some 3 000 lines. */
#define ROOM ((size_t)512 * 1024)

struct buffer {
  char text[ROOM];
  size_t size;
  uint64_t dropped; /* lines that found no room */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buffer buffers[2];
static struct buffer *filling = &buffers[0]; /* under the lock */

/* The thread's own. */
static uint64_t lost;  /* lines that were not written, and not reported */
static bool is_broken; /* the last line in the file has no newline */

/* ---------------------------------------------------------------- the file */

static void wait_for_room(void) {
  struct pollfd file = {wkd_settings.log_file, POLLOUT, 0};
  while (poll(&file, 1, -1) < 0 && errno == EINTR) continue;
}

/* Answers how much was written before an error. */
static size_t put(const char *text, size_t size) {
  size_t done = 0;
  while (done < size) {
    wait_for_room();
    ssize_t written = write(wkd_settings.log_file, text + done, size - done);
    if (written > 0)
      done += (size_t)written;
    else if (errno != EINTR && errno != EAGAIN)
      break;
  }
  return done;
}

static uint64_t count_lines(const char *text, size_t size) {
  uint64_t lines = 0;
  for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
  return lines;
}

/* Whole lines. Those that cannot be written are lost. */
static void put_lines(const char *text, size_t size) {
  if (is_broken && put("\n", 1) == 1) is_broken = false;
  size_t done = is_broken ? 0 : put(text, size);
  lost += count_lines(text + done, size - done);
  if (done > 0) is_broken = text[done - 1] != '\n';
}

static void put_lost(void) {
  char line[WKD_LINE_ROOM];
  uint64_t reported = lost;
  int length = wkd_line_of_dropped(reported, line, sizeof line);
  put_lines(line, (size_t)length);
  lost = lost > reported ? reported : lost - reported;
}

/* -------------------------------------------------------------- the thread */

/* As many whole lines as one write may have. */
static size_t whole_lines(const char *text, size_t size) {
  if (size <= PIPE_BUF) return size;
  const char *newline = memrchr(text, '\n', PIPE_BUF);
  return (size_t)(newline + 1 - text);
}

static void write_buffer(struct buffer *buffer) {
  size_t part = 0;
  for (size_t at = 0; at < buffer->size; at += part) {
    part = whole_lines(buffer->text + at, buffer->size - at);
    put_lines(buffer->text + at, part);
  }
  lost += buffer->dropped;
  if (lost > 0) put_lost();
  buffer->size = 0;
  buffer->dropped = 0;
}

/* NULL: there is nothing to write. */
static struct buffer *take_buffer(void) {
  struct buffer *taken = NULL;
  pthread_mutex_lock(&lock);
  if (filling->size > 0) {
    taken = filling;
    filling = &buffers[taken == &buffers[0]];
  }
  pthread_mutex_unlock(&lock);
  return taken;
}

static void write_all(void) {
  for (struct buffer *taken; (taken = take_buffer());) write_buffer(taken);
}

static void *run(void *unused);
static struct wkd_writer writer = {.write = write_all, .body = run};

static void *run(void *unused) {
  (void)unused;
  wkd_writer_run(&writer);
}

/* ---------------------------------------------------------------- requests */

void wkd_log_add(const char *line, size_t length) {
  pthread_mutex_lock(&lock);
  bool was_empty = filling->size == 0;
  if (length > ROOM - filling->size) {
    filling->dropped++;
  } else {
    memcpy(filling->text + filling->size, line, length);
    filling->size += length;
  }
  wkd_writer_start(&writer);
  pthread_mutex_unlock(&lock);
  if (was_empty) wkd_writer_wake(&writer);
}

void wkd_log_flush(uint64_t until_ns) { wkd_writer_flush(&writer, until_ns); }
