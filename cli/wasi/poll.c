/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "wasi/poll.h"

#include "process/clock.h"
#include "process/forward.h"
#include "wasi/streams.h"

#include <stdlib.h>
#include <sys/ioctl.h>

enum { CLOCK_EVENT = 0, READ_EVENT = 1, WRITE_EVENT = 2 };
enum { ABSOLUTE_TIME = 1, HANG_UP = 1 };
enum { SUBSCRIPTION_SIZE = 48, EVENT_SIZE = 32 };

struct subscription {
  uint64_t user_data;
  uint8_t kind;
  bool is_served;       /* a standard stream, or a clock that we know */
  int stream;           /* of READ_EVENT and WRITE_EVENT; -1: a file */
  uint64_t deadline_ns; /* of CLOCK_EVENT, on CLOCK_MONOTONIC */
};

static uint64_t monotonic_origin_ns;

void cli_poll_set_monotonic_origin(uint64_t ns) { monotonic_origin_ns = ns; }

/* A sum that saturates at UINT64_MAX, which means no deadline. */
static uint64_t add_saturated(uint64_t ns, uint64_t more) {
  return ns > UINT64_MAX - more ? UINT64_MAX : ns + more;
}

/* Layout: id u32, timeout u64 at 8, precision u64 at 16, flags u16 at 24. */
static bool read_clock(const uint8_t *from, struct subscription *to) {
  uint32_t clock;
  uint64_t timeout;
  uint16_t flags;
  memcpy(&clock, from, sizeof clock);
  memcpy(&timeout, from + 8, sizeof timeout);
  memcpy(&flags, from + 24, sizeof flags);
  if (clock > 1) return false;
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  if (!(flags & ABSOLUTE_TIME))
    to->deadline_ns = add_saturated(now, timeout);
  else if (clock == 1)
    to->deadline_ns = add_saturated(monotonic_origin_ns, timeout);
  else {
    uint64_t date = cli_now_ns(CLOCK_REALTIME);
    to->deadline_ns = timeout > date ? add_saturated(now, timeout - date) : now;
  }
  return true;
}

static void read_subscription(const uint8_t *from, struct subscription *to) {
  uint32_t number;
  memcpy(&to->user_data, from, sizeof to->user_data);
  to->kind = from[8];
  to->stream = -1;
  to->deadline_ns = UINT64_MAX;
  if (to->kind == CLOCK_EVENT) {
    to->is_served = read_clock(from + 16, to);
    return;
  }
  memcpy(&number, from + 16, sizeof number);
  if (to->kind == READ_EVENT || to->kind == WRITE_EVENT)
    to->stream = cli_stream_of(number);
  to->is_served = to->stream >= 0;
}

static uint8_t *put_event(uint8_t *to, const struct subscription *of,
                          uint16_t error, uint64_t bytes, uint16_t flags) {
  memset(to, 0, EVENT_SIZE);
  memcpy(to, &of->user_data, sizeof of->user_data);
  memcpy(to + 8, &error, sizeof error);
  to[10] = of->kind;
  memcpy(to + 16, &bytes, sizeof bytes);
  memcpy(to + 24, &flags, sizeof flags);
  return to + EVENT_SIZE;
}

static uint8_t *put_stream_event(uint8_t *to, const struct subscription *of,
                                 short revents) {
  int bytes = 0;
  if (revents & POLLNVAL) return put_event(to, of, CLI_WASI_EBADF, 0, 0);
  if (of->kind == READ_EVENT && ioctl(of->stream, FIONREAD, &bytes) != 0)
    bytes = 1;
  return put_event(to, of, CLI_WASI_SUCCESS, bytes > 0 ? (uint64_t)bytes : 0,
                   revents & POLLHUP ? HANG_UP : 0);
}

static uint8_t *put_unserved_event(uint8_t *to, const struct subscription *of) {
  bool is_file = of->kind == READ_EVENT || of->kind == WRITE_EVENT;
  return put_event(to, of, is_file ? CLI_WASI_SUCCESS : CLI_WASI_ENOTSUP, 0, 0);
}

/* Reports the events that have happened: a stream is ready, a deadline has
 * passed. Files are always ready. */
static uint8_t *put_events(uint8_t *to, const struct subscription *list,
                           uint32_t count, const struct pollfd *files) {
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  for (uint32_t i = 0; i < count; i++) {
    if (!list[i].is_served)
      to = put_unserved_event(to, &list[i]);
    else if (list[i].kind == CLOCK_EVENT && list[i].deadline_ns <= now)
      to = put_event(to, &list[i], CLI_WASI_SUCCESS, 0, 0);
    else if (list[i].kind != CLOCK_EVENT && files[i].revents)
      to = put_stream_event(to, &list[i], files[i].revents);
  }
  return to;
}

struct summary {
  uint64_t deadline_ns; /* the earliest; 0 if there is a file */
  uint32_t streams;
  uint32_t unserved; /* neither standard streams nor clocks that we know */
};

static struct summary summarise(const struct subscription *list, uint32_t count,
                                struct pollfd *files) {
  struct summary summary = {UINT64_MAX, 0, 0};
  for (uint32_t i = 0; i < count; i++) {
    files[i] = (struct pollfd){.fd = -1}; /* poll(2) ignores it */
    if (!list[i].is_served) {
      summary.unserved++;
      summary.deadline_ns = 0;
    } else if (list[i].kind == CLOCK_EVENT) {
      if (list[i].deadline_ns < summary.deadline_ns)
        summary.deadline_ns = list[i].deadline_ns;
    } else {
      files[i].fd = list[i].stream;
      files[i].events = list[i].kind == READ_EVENT ? POLLIN : POLLOUT;
      summary.streams++;
    }
  }
  return summary;
}

/* Returns a WASI errno; `*end` becomes the end of the events. The engine serves
 * a poll of files alone. It must not serve one of a standard stream, as it
 * would read ahead input that our fd_read has to return. */
static int32_t poll_all(const struct subscription *list, uint32_t count,
                        struct pollfd *files, uint8_t *out, uint8_t **end) {
  struct summary summary = summarise(list, count, files + 1);
  if (summary.unserved > 0 && summary.streams == 0) return CLI_WASI_PASS;
  bool interrupted = cli_wait(files, count + 1, summary.deadline_ns) < 0;
  if (interrupted && summary.streams > 0) return CLI_WASI_EINTR;
  *end = interrupted ? put_event(out, &list[0], CLI_WASI_SUCCESS, 0, 0)
                     : put_events(out, list, count, files + 1);
  return CLI_WASI_SUCCESS;
}

int32_t cli_poll(const struct cli_memory *memory, const uint32_t *arguments) {
  uint32_t count = arguments[2];
  const uint8_t *in =
      cli_memory_at(memory, arguments[0], (uint64_t)count * SUBSCRIPTION_SIZE);
  uint8_t *out =
      cli_memory_at(memory, arguments[1], (uint64_t)count * EVENT_SIZE);
  uint8_t *end = out;
  if (count == 0) return CLI_WASI_EINVAL;
  if (!in || !out || !cli_memory_at(memory, arguments[3], 4))
    return CLI_WASI_EFAULT;
  /* The count is limited: the guest's memory holds that many. */
  struct subscription *list = calloc(count, sizeof *list);
  struct pollfd *files = calloc((size_t)count + 1, sizeof *files);
  int32_t error = list && files ? CLI_WASI_SUCCESS : CLI_WASI_ENOMEM;
  for (uint32_t i = 0; !error && i < count; i++)
    read_subscription(in + (size_t)i * SUBSCRIPTION_SIZE, &list[i]);
  if (!error) error = poll_all(list, count, files, out, &end);
  free(list);
  free(files);
  if (!error)
    cli_memory_put_u32(memory, arguments[3],
                       (uint32_t)((end - out) / EVENT_SIZE));
  return error;
}
