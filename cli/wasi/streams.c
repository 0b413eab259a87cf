/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "wasi/streams.h"

#include "process/forward.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The guest's descriptors of our streams 0, 1 and 2; -1: closed. */
static int64_t descriptors[3] = {0, 1, 2};

int cli_stream_of(uint32_t descriptor) {
  for (int i = 0; i < 3; i++) {
    if (descriptors[i] == descriptor) return i;
  }
  return -1;
}

void cli_streams_closed(const uint32_t *arguments) {
  int stream = cli_stream_of(arguments[0]);
  if (stream >= 0) descriptors[stream] = -1;
}

void cli_streams_renumbered(const uint32_t *arguments) {
  int from = cli_stream_of(arguments[0]);
  int to = cli_stream_of(arguments[1]);
  if (from == to) return;
  if (to >= 0) descriptors[to] = -1;
  if (from >= 0) descriptors[from] = arguments[1];
}

/* Regular files are always ready. A stream that is not open fails when it is
 * used. */
static bool can_block(int stream) {
  static enum { UNKNOWN, ALWAYS_READY, BLOCKING } kinds[3]; /* never change */
  struct stat status;
  if (kinds[stream] == UNKNOWN) {
    bool is_other = fstat(stream, &status) == 0 && !S_ISREG(status.st_mode);
    kinds[stream] = is_other ? BLOCKING : ALWAYS_READY;
  }
  return kinds[stream] == BLOCKING;
}

/* Waits until the stream is ready. False: a signal came first. */
static bool wait_for(int stream, short events) {
  struct pollfd files[2] = {{0}, {.fd = stream, .events = events}};
  return !can_block(stream) || cli_wait(files, 2, UINT64_MAX) >= 0;
}

/* Of more buffers in one call only the first are used: WASI permits a short
 * read or write. */
#define MOST_BUFFERS 64

/* Translates the addresses of a list of buffers. Returns a WASI errno. */
static int32_t translate_buffers(const struct cli_memory *memory,
                                 uint32_t address, uint32_t count,
                                 struct iovec *buffers, int *buffers_count) {
  const uint8_t *list = cli_memory_at(memory, address, (uint64_t)count * 8);
  if (!list) return CLI_WASI_EFAULT;
  if (count > MOST_BUFFERS) count = MOST_BUFFERS;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place_and_length[2];
    memcpy(place_and_length, list + (size_t)i * 8, sizeof place_and_length);
    buffers[i].iov_base =
        cli_memory_at(memory, place_and_length[0], place_and_length[1]);
    buffers[i].iov_len = place_and_length[1];
    if (!buffers[i].iov_base) return CLI_WASI_EFAULT;
  }
  *buffers_count = (int)count;
  return CLI_WASI_SUCCESS;
}

/* ------------------------------------------------------------------ reading */

int32_t cli_streams_read(const struct cli_memory *memory,
                         const uint32_t *arguments) {
  struct iovec buffers[MOST_BUFFERS];
  int count;
  int stream = cli_stream_of(arguments[0]);
  if (stream != STDIN_FILENO) return CLI_WASI_PASS;
  int32_t error =
      translate_buffers(memory, arguments[1], arguments[2], buffers, &count);
  if (error) return error;
  if (!cli_memory_at(memory, arguments[3], 4)) return CLI_WASI_EFAULT;
  for (;;) {
    if (!wait_for(stream, POLLIN)) return CLI_WASI_EINTR;
    ssize_t taken = readv(stream, buffers, count);
    if (taken >= 0) {
      cli_memory_put_u32(memory, arguments[3], (uint32_t)taken);
      return CLI_WASI_SUCCESS;
    }
    if (errno != EINTR && errno != EAGAIN) return cli_wasi_errno(errno);
  }
}

/* ------------------------------------------------------------------ writing */

/* Removes the first `written` bytes from the buffers. Returns how many bytes
 * are left. */
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
 * (pipe(7)). A longer write is cut to that. */
static ssize_t write_some(int stream, const struct iovec *buffers, int count,
                          size_t total) {
  if (total <= PIPE_BUF || !can_block(stream))
    return writev(stream, buffers, count);
  size_t length = buffers->iov_len < PIPE_BUF ? buffers->iov_len : PIPE_BUF;
  return write(stream, buffers->iov_base, length);
}

/* Writes everything, as a blocking write does, unless a signal comes. */
static int32_t write_all(int stream, struct iovec *buffers, int count,
                         uint32_t *total) {
  size_t left = advance(&buffers, &count, 0);
  do {
    if (!wait_for(stream, POLLOUT)) return CLI_WASI_EINTR;
    ssize_t written = write_some(stream, buffers, count, left);
    if (written < 0 && errno != EINTR && errno != EAGAIN)
      return cli_wasi_errno(errno);
    if (written < 0) continue;
    *total += (uint32_t)written;
    left = advance(&buffers, &count, (size_t)written);
  } while (left > 0);
  return CLI_WASI_SUCCESS;
}

int32_t cli_streams_write(const struct cli_memory *memory,
                          const uint32_t *arguments) {
  struct iovec buffers[MOST_BUFFERS];
  int count;
  uint32_t total = 0;
  int stream = cli_stream_of(arguments[0]);
  if (stream != STDOUT_FILENO && stream != STDERR_FILENO) return CLI_WASI_PASS;
  int32_t error =
      translate_buffers(memory, arguments[1], arguments[2], buffers, &count);
  if (error) return error;
  if (!cli_memory_at(memory, arguments[3], 4)) return CLI_WASI_EFAULT;
  error = write_all(stream, buffers, count, &total);
  if (error && total == 0) return error;
  if (error == CLI_WASI_EINTR) cli_wait_repeat_signal();
  cli_memory_put_u32(memory, arguments[3], total);
  return CLI_WASI_SUCCESS;
}
