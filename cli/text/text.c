/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/text.h"

#include "text/escape.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ----------------------------------------------------------------- writing */

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void reduce_patience(struct cli_text *text, int64_t since_ms) {
  int64_t passed = now_ms() - since_ms;
  if (text->patience_ms < 0) return;
  text->patience_ms =
      passed < text->patience_ms ? text->patience_ms - (int)passed : 0;
}

/* Drops the rest of the text: a later part without it would mislead. */
static void give_up(struct cli_text *text) {
  text->descriptor = -1; /* never ready: poll(2) */
  text->patience_ms = 0;
}

/* Waits for the descriptor; false: not ready in time. A write to a descriptor
 * that is ready does not block if it takes PIPE_BUF bytes at once, as a pipe
 * does. */
static bool wait_until_ready(struct cli_text *text) {
  struct pollfd file = {.fd = text->descriptor, .events = POLLOUT};
  for (;;) {
    int64_t start = now_ms();
    int ready = poll(&file, 1, text->patience_ms);
    int error = errno;
    reduce_patience(text, start);
    if (ready > 0) return true;
    if (ready < 0 && error == EINTR) continue;
    give_up(text);
    return false;
  }
}

/* After EAGAIN from a ready descriptor: another writer was faster, or it became
 * ready too early. Waits 1 ms; false: the patience is used up. */
static bool pause_briefly(struct cli_text *text) {
  int64_t start = now_ms();
  if (text->patience_ms == 0) return false;
  poll(NULL, 0, 1);
  reduce_patience(text, start);
  return true;
}

/* A write to a pipe without a reader does not end the process: SIGPIPE, which
 * this thread receives, is consumed. */
static ssize_t write_without_signal(int descriptor, const char *bytes,
                                    size_t length) {
  static const struct timespec at_once = {0, 0};
  sigset_t only, before, pending;
  sigemptyset(&only);
  sigaddset(&only, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &only, &before);
  ssize_t count = write(descriptor, bytes, length);
  int error = errno;
  if (count < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
    sigtimedwait(&only, NULL, &at_once);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return count;
}

void cli_text_write(struct cli_text *text) {
  for (size_t at = 0; at < text->length && wait_until_ready(text);) {
    ssize_t count = write_without_signal(text->descriptor, text->bytes + at,
                                         text->length - at);
    if (count > 0) at += (size_t)count;
    if (count >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN || !pause_briefly(text)) give_up(text);
  }
  text->length = 0;
}

/* ------------------------------------------------------------------ adding */

static void add(struct cli_text *text, const char *bytes, size_t length) {
  while (length > 0) {
    size_t space = sizeof text->bytes - text->length;
    size_t count = length < space ? length : space;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    bytes += count;
    length -= count;
    if (text->length == sizeof text->bytes) cli_text_write(text);
  }
}

void cli_text_add(struct cli_text *text, const char *string) {
  add(text, string, strlen(string));
}

void cli_text_number(struct cli_text *text, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  add(text, digits + at, sizeof digits - at);
}

/* Three significant digits or more, rounded down: 9.99, 12.3, 1234. */
static void add_scaled(struct cli_text *text, uint64_t value, uint64_t unit,
                       const char *name) {
  uint64_t whole = value / unit;
  uint64_t hundredths = value % unit * 100 / unit;
  cli_text_number(text, whole);
  if (whole < 100 && unit > 1) {
    char digits[4] = {'.', (char)('0' + hundredths / 10),
                      (char)('0' + hundredths % 10), 0};
    if (whole >= 10) digits[2] = 0;
    cli_text_add(text, digits);
  }
  cli_text_add(text, name);
}

void cli_text_duration(struct cli_text *text, uint64_t ns) {
  if (ns < 1000)
    add_scaled(text, ns, 1, " ns");
  else if (ns < 1000000)
    add_scaled(text, ns, 1000, " us");
  else if (ns < 1000000000)
    add_scaled(text, ns, 1000000, " ms");
  else
    add_scaled(text, ns, 1000000000, " s");
}

#define KIB UINT64_C(1024)

void cli_text_size(struct cli_text *text, uint64_t bytes) {
  if (bytes < KIB)
    add_scaled(text, bytes, 1, " B");
  else if (bytes < KIB * KIB)
    add_scaled(text, bytes, KIB, " KiB");
  else if (bytes < KIB * KIB * KIB)
    add_scaled(text, bytes, KIB * KIB, " MiB");
  else
    add_scaled(text, bytes, KIB * KIB * KIB, " GiB");
}

static void add_escaped(struct cli_text *text, const char *string,
                        struct cli_escaped (*escape)(const char *, size_t)) {
  size_t left = strlen(string);
  while (left > 0) {
    struct cli_escaped escaped = escape(string, left);
    add(text, escaped.bytes, escaped.length);
    string += escaped.taken;
    left -= escaped.taken;
  }
}

void cli_text_json(struct cli_text *text, const char *string) {
  add(text, "\"", 1);
  add_escaped(text, string, cli_escape_json);
  add(text, "\"", 1);
}

void cli_text_name(struct cli_text *text, const char *string) {
  add_escaped(text, string, cli_escape_controls);
}
