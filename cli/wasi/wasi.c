/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads of standard input, writes to the two outputs, and poll_oneoff.
 *
 * An engine's own functions for these wait where no signal reaches them (a
 * thread of its own reads Wasmtime's standard input), and may hold back what
 * is written. Here each is a system call of the guest's thread that waits in
 * cli_wait first: it ends when the guest has been sent a signal, and what was
 * written is out when it returns.
 *
 * A call that a signal ends answers EINTR. Only a wait for clocks alone answers
 * as if its time had come: nanosleep of wasi-libc and Rust's sleep know no
 * other answer, the latter panics. The guest polls its word after either.
 *
 * Every address comes from the guest: it is checked against the memory before
 * it is used, in 64 bits, and read once.
 *
 * Layouts and numbers: WASI preview 1, witx/wasi_snapshot_preview1.witx.
 */
#include "wasi/wasi.h"

#include "clock.h"
#include "process/forward.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ------------------------------------------------------------------- errno */

enum {
  WASI_SUCCESS = 0,
  WASI_EAGAIN = 6,
  WASI_EBADF = 8,
  WASI_EFAULT = 21,
  WASI_EINTR = 27,
  WASI_EINVAL = 28,
  WASI_EIO = 29,
  WASI_ENOMEM = 48,
  WASI_ENOTSUP = 58,
};

/* What reads and writes of files, pipes, terminals and sockets fail with. */
static int32_t wasi_errno(int error) {
  static const struct {
    int system;
    int32_t wasi;
  } numbers[] = {
      {EACCES, 2},           {EAGAIN, WASI_EAGAIN}, {EBADF, WASI_EBADF},
      {ECONNABORTED, 13},    {ECONNRESET, 15},      {EDESTADDRREQ, 17},
      {EDQUOT, 19},          {EFBIG, 22},           {EHOSTUNREACH, 23},
      {EINTR, WASI_EINTR},   {EINVAL, WASI_EINVAL}, {EISDIR, 31},
      {EMSGSIZE, 35},        {ENETDOWN, 38},        {ENETRESET, 39},
      {ENETUNREACH, 40},     {ENOBUFS, 42},         {ENODEV, 43},
      {ENOMEM, WASI_ENOMEM}, {ENOSPC, 51},          {ENOTCONN, 53},
      {ENXIO, 60},           {EPERM, 63},           {EPIPE, 64},
      {ESTALE, 72},          {ETIMEDOUT, 73},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i].system == error) return numbers[i].wasi;
  return WASI_EIO;
}

/* ------------------------------------------------------------------ memory */

static void *at(const struct cli_memory *memory, uint32_t address,
                uint64_t size) {
  if (size > memory->length || address > memory->length - size) return NULL;
  return memory->base + address;
}

static bool put_u32(const struct cli_memory *memory, uint32_t address,
                    uint32_t value) {
  void *place = at(memory, address, sizeof value);
  if (place) memcpy(place, &value, sizeof value);
  return place != NULL;
}

/* What fits of a call's buffers: a shorter answer is always allowed. */
#define MOST_BUFFERS 64

static int32_t buffers_of(const struct cli_memory *memory, uint32_t address,
                          uint32_t count, struct iovec *buffers,
                          int *buffers_count) {
  const uint8_t *list = at(memory, address, (uint64_t)count * 8);
  if (!list) return WASI_EFAULT;
  if (count > MOST_BUFFERS) count = MOST_BUFFERS;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place_and_length[2];
    memcpy(place_and_length, list + (size_t)i * 8, sizeof place_and_length);
    buffers[i].iov_base = at(memory, place_and_length[0], place_and_length[1]);
    buffers[i].iov_len = place_and_length[1];
    if (!buffers[i].iov_base) return WASI_EFAULT;
  }
  *buffers_count = (int)count;
  return WASI_SUCCESS;
}

/* ---------------------------------------------------------- standard streams
 */

/* The guest's numbers of our streams 0, 1 and 2; -1: it has closed it. */
static int64_t numbers[3] = {0, 1, 2};

/* Our stream that the guest calls `number`, or -1. */
static int stream_of(uint32_t number) {
  for (int i = 0; i < 3; i++) {
    if (numbers[i] == number) return i;
  }
  return -1;
}

static void forget_number(const uint32_t *arguments) {
  int stream = stream_of(arguments[0]);
  if (stream >= 0) numbers[stream] = -1;
}

static void renumber(const uint32_t *arguments) {
  int from = stream_of(arguments[0]);
  int to = stream_of(arguments[1]);
  if (from == to) return;
  if (to >= 0) numbers[to] = -1;
  if (from >= 0) numbers[from] = arguments[1];
}

/* Files are always ready; what is not open tells so when it is read. */
static bool can_block(int stream) {
  static enum { UNKNOWN, READY, BLOCKING } kinds[3]; /* ours never change */
  struct stat status;
  if (kinds[stream] == UNKNOWN) {
    bool is_other = fstat(stream, &status) == 0 && !S_ISREG(status.st_mode);
    kinds[stream] = is_other ? BLOCKING : READY;
  }
  return kinds[stream] == BLOCKING;
}

/* Until the stream is ready; false if a signal came first. */
static bool wait_for(int stream, short events) {
  struct pollfd files[2] = {{0}, {.fd = stream, .events = events}};
  return !can_block(stream) || cli_wait(files, 2, UINT64_MAX) >= 0;
}

/* fd_read(fd, iovs, iovs_len, nread) */
static int32_t serve_read(const struct cli_memory *memory,
                          const uint32_t *arguments) {
  struct iovec buffers[MOST_BUFFERS];
  int count;
  int stream = stream_of(arguments[0]);
  if (stream != STDIN_FILENO) return CLI_WASI_PASS;
  int32_t error =
      buffers_of(memory, arguments[1], arguments[2], buffers, &count);
  if (error) return error;
  if (!at(memory, arguments[3], 4)) return WASI_EFAULT;
  for (;;) {
    if (!wait_for(stream, POLLIN)) return WASI_EINTR;
    ssize_t taken = readv(stream, buffers, count);
    if (taken >= 0) {
      put_u32(memory, arguments[3], (uint32_t)taken);
      return WASI_SUCCESS;
    }
    if (errno != EINTR && errno != EAGAIN) return wasi_errno(errno);
  }
}

/* Takes what was written off the front of the buffers. */
static size_t advance(struct iovec **buffers, int *count, size_t written) {
  size_t left = 0;
  while (*count > 0 && written >= (*buffers)->iov_len) {
    written -= (*buffers)->iov_len;
    ++*buffers;
    --*count;
  }
  if (*count > 0) {
    (*buffers)->iov_base = (uint8_t *)(*buffers)->iov_base + written;
    (*buffers)->iov_len -= written;
  }
  for (int i = 0; i < *count; i++) left += (*buffers)[i].iov_len;
  return left;
}

/* One system call. A pipe that is ready takes PIPE_BUF bytes without blocking
 * (pipe(7)), and a longer write of one buffer is cut to that. */
static ssize_t write_some(int stream, const struct iovec *buffers, int count,
                          size_t total) {
  if (total <= PIPE_BUF || !can_block(stream))
    return writev(stream, buffers, count);
  size_t length = buffers->iov_len < PIPE_BUF ? buffers->iov_len : PIPE_BUF;
  return write(stream, buffers->iov_base, length);
}

/* Until all is written, as a blocking write does, or a signal came. */
static int32_t write_all(int stream, struct iovec *buffers, int count,
                         uint32_t *total) {
  size_t left = advance(&buffers, &count, 0);
  do {
    if (!wait_for(stream, POLLOUT)) return WASI_EINTR;
    ssize_t written = write_some(stream, buffers, count, left);
    if (written < 0 && errno != EINTR && errno != EAGAIN)
      return wasi_errno(errno);
    if (written < 0) continue;
    *total += (uint32_t)written;
    left = advance(&buffers, &count, (size_t)written);
  } while (left > 0);
  return WASI_SUCCESS;
}

/* fd_write(fd, iovs, iovs_len, nwritten) */
static int32_t serve_write(const struct cli_memory *memory,
                           const uint32_t *arguments) {
  struct iovec buffers[MOST_BUFFERS];
  int count;
  uint32_t total = 0;
  int stream = stream_of(arguments[0]);
  if (stream != STDOUT_FILENO && stream != STDERR_FILENO) return CLI_WASI_PASS;
  int32_t error =
      buffers_of(memory, arguments[1], arguments[2], buffers, &count);
  if (error) return error;
  if (!at(memory, arguments[3], 4)) return WASI_EFAULT;
  error = write_all(stream, buffers, count, &total);
  if (error && total == 0) return error;
  if (error == WASI_EINTR) cli_wait_is_due_again();
  put_u32(memory, arguments[3], total);
  return WASI_SUCCESS;
}

/* ------------------------------------------------------------- poll_oneoff */

enum { CLOCK_EVENT = 0, READ_EVENT = 1, WRITE_EVENT = 2 };
enum { ABSOLUTE_TIME = 1, HANG_UP = 1 };
enum { SUBSCRIPTION_SIZE = 48, EVENT_SIZE = 32 };

struct subscription {
  uint64_t user_data;
  uint8_t kind;
  bool is_ours;         /* a stream of ours, or a clock that we know */
  int stream;           /* of READ_EVENT and WRITE_EVENT; -1: a file's */
  uint64_t deadline_ns; /* of CLOCK_EVENT, on CLOCK_MONOTONIC */
};

static uint64_t monotonic_origin_ns;

void cli_wasi_set_monotonic_origin(uint64_t ns) { monotonic_origin_ns = ns; }

/* A sum that stays at the largest number, which means for ever. */
static uint64_t later(uint64_t ns, uint64_t more) {
  return ns > UINT64_MAX - more ? UINT64_MAX : ns + more;
}

/* union: id u32, timeout u64 at 8, precision u64 at 16, flags u16 at 24 */
static bool read_clock(const uint8_t *at_union, struct subscription *into) {
  uint32_t clock;
  uint64_t timeout;
  uint16_t flags;
  memcpy(&clock, at_union, sizeof clock);
  memcpy(&timeout, at_union + 8, sizeof timeout);
  memcpy(&flags, at_union + 24, sizeof flags);
  if (clock > 1) return false;
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  if (!(flags & ABSOLUTE_TIME))
    into->deadline_ns = later(now, timeout);
  else if (clock == 1)
    into->deadline_ns = later(monotonic_origin_ns, timeout);
  else {
    uint64_t date = cli_now_ns(CLOCK_REALTIME);
    into->deadline_ns = timeout > date ? later(now, timeout - date) : now;
  }
  return true;
}

static void read_subscription(const uint8_t *from, struct subscription *into) {
  uint32_t number;
  memcpy(&into->user_data, from, sizeof into->user_data);
  into->kind = from[8];
  into->stream = -1;
  into->deadline_ns = UINT64_MAX;
  if (into->kind == CLOCK_EVENT) {
    into->is_ours = read_clock(from + 16, into);
    return;
  }
  memcpy(&number, from + 16, sizeof number);
  if (into->kind == READ_EVENT || into->kind == WRITE_EVENT)
    into->stream = stream_of(number);
  into->is_ours = into->stream >= 0;
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
  if (revents & POLLNVAL) return put_event(to, of, WASI_EBADF, 0, 0);
  if (of->kind == READ_EVENT && ioctl(of->stream, FIONREAD, &bytes) != 0)
    bytes = 1;
  return put_event(to, of, WASI_SUCCESS, bytes > 0 ? (uint64_t)bytes : 0,
                   revents & POLLHUP ? HANG_UP : 0);
}

static uint8_t *put_other_event(uint8_t *to, const struct subscription *of) {
  bool is_file = of->kind == READ_EVENT || of->kind == WRITE_EVENT;
  return put_event(to, of, is_file ? WASI_SUCCESS : WASI_ENOTSUP, 0, 0);
}

/* What of the subscriptions has come: streams that are ready, times that have
 * passed, and files, which are always ready. */
static uint8_t *put_events(uint8_t *to, const struct subscription *list,
                           uint32_t count, const struct pollfd *files) {
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  for (uint32_t i = 0; i < count; i++) {
    if (!list[i].is_ours)
      to = put_other_event(to, &list[i]);
    else if (list[i].kind == CLOCK_EVENT && list[i].deadline_ns <= now)
      to = put_event(to, &list[i], WASI_SUCCESS, 0, 0);
    else if (list[i].kind != CLOCK_EVENT && files[i].revents)
      to = put_stream_event(to, &list[i], files[i].revents);
  }
  return to;
}

/* What a set of subscriptions is about. */
struct set {
  uint64_t deadline_ns; /* the first; 0 if a file's is among them */
  uint32_t streams;
  uint32_t others; /* neither streams of ours nor clocks that we know */
};

static struct set survey(const struct subscription *list, uint32_t count,
                         struct pollfd *files) {
  struct set set = {UINT64_MAX, 0, 0};
  for (uint32_t i = 0; i < count; i++) {
    files[i] = (struct pollfd){.fd = -1}; /* passed over by poll(2) */
    if (!list[i].is_ours) {
      set.others++;
      set.deadline_ns = 0;
    } else if (list[i].kind == CLOCK_EVENT) {
      if (list[i].deadline_ns < set.deadline_ns)
        set.deadline_ns = list[i].deadline_ns;
    } else {
      files[i].fd = list[i].stream;
      files[i].events = list[i].kind == READ_EVENT ? POLLIN : POLLOUT;
      set.streams++;
    }
  }
  return set;
}

/* Answers a WASI errno; `*end` becomes where the events end. What is about
 * files alone is the engine's. What is about a stream never is: the engine
 * would read ahead what our fd_read is to give. */
static int32_t poll_all(const struct subscription *list, uint32_t count,
                        struct pollfd *files, uint8_t *out, uint8_t **end) {
  struct set set = survey(list, count, files + 1);
  if (set.others > 0 && set.streams == 0) return CLI_WASI_PASS;
  bool interrupted = cli_wait(files, count + 1, set.deadline_ns) < 0;
  if (interrupted && set.streams > 0) return WASI_EINTR;
  *end = interrupted ? put_event(out, &list[0], WASI_SUCCESS, 0, 0)
                     : put_events(out, list, count, files + 1);
  return WASI_SUCCESS;
}

/* poll_oneoff(in, out, nsubscriptions, nevents) */
static int32_t serve_poll(const struct cli_memory *memory,
                          const uint32_t *arguments) {
  uint32_t count = arguments[2];
  const uint8_t *in =
      at(memory, arguments[0], (uint64_t)count * SUBSCRIPTION_SIZE);
  uint8_t *out = at(memory, arguments[1], (uint64_t)count * EVENT_SIZE);
  uint8_t *end = out;
  if (count == 0) return WASI_EINVAL;
  if (!in || !out || !at(memory, arguments[3], 4)) return WASI_EFAULT;
  /* So many fit into the guest's memory. */
  struct subscription *list = calloc(count, sizeof *list);
  struct pollfd *files = calloc((size_t)count + 1, sizeof *files);
  int32_t error = list && files ? WASI_SUCCESS : WASI_ENOMEM;
  for (uint32_t i = 0; !error && i < count; i++)
    read_subscription(in + (size_t)i * SUBSCRIPTION_SIZE, &list[i]);
  if (!error) error = poll_all(list, count, files, out, &end);
  free(list);
  free(files);
  if (!error)
    put_u32(memory, arguments[3], (uint32_t)((end - out) / EVENT_SIZE));
  return error;
}

/* ---------------------------------------------------------------- proc_exit */

static bool has_exited;
static int exit_status;

void cli_wasi_exit(uint32_t status) {
  has_exited = true;
  exit_status = (int)(status & 0xff); /* what the system keeps of it: wait(2) */
}

bool cli_wasi_has_exited(int *status) {
  if (has_exited) *status = exit_status;
  return has_exited;
}

static int32_t pass(const struct cli_memory *memory,
                    const uint32_t *arguments) {
  (void)memory, (void)arguments;
  return CLI_WASI_PASS;
}

const struct cli_wasi_call cli_wasi_calls[CLI_WASI_CALLS] = {
    {"fd_close", 1, pass, forget_number}, {"fd_read", 4, serve_read, NULL},
    {"fd_renumber", 2, pass, renumber},   {"fd_write", 4, serve_write, NULL},
    {"poll_oneoff", 4, serve_poll, NULL},
};
