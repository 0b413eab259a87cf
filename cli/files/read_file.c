/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "files/read_file.h"

#include "text/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Enough bytes to recognise what the file is, if it is no module. */
enum { HEAD = 64 };

/* No module is larger: sizes in a module have 32 bits. */
#define MOST_BYTES ((size_t)UINT32_MAX)

/* Reads until `room` bytes are there, or the file ends. */
static bool fill(int descriptor, uint8_t *bytes, size_t room, size_t *length) {
  while (*length < room) {
    ssize_t count = read(descriptor, bytes + *length, room - *length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    *length += (size_t)count;
  }
  return true;
}

/* The length of a pipe is unknown until it ends. A device may never end, so the
 * loop stops after the first bytes of what is no module. */
static bool read_all(int descriptor, size_t expected, uint8_t **bytes,
                     size_t *length) {
  *bytes = NULL;
  *length = 0;
  for (size_t room = HEAD;;) {
    if (room > MOST_BYTES) {
      errno = EFBIG;
      return false;
    }
    uint8_t *more = realloc(*bytes, room);
    if (!more) {
      free(*bytes);
      errno = ENOMEM;
      return false;
    }
    *bytes = more;
    if (!fill(descriptor, *bytes, room, length)) return false;
    if (*length < room || memcmp(*bytes, "\0asm", 4) != 0) return true;
    room = room <= expected ? expected + 1 : room * 2;
  }
}

static bool is_input(const char *path) { return strcmp(path, "-") == 0; }

int cli_open_file(const char *path) {
  int descriptor =
      is_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    cli_message("%s: %s", path[0] ? path : "''", strerror(errno));
  return descriptor;
}

void cli_close_file(const char *path, int descriptor) {
  if (!is_input(path)) close(descriptor);
}

bool cli_read_file(const char *path, uint8_t **bytes, size_t *length) {
  struct stat status;
  int descriptor = cli_open_file(path);
  if (descriptor < 0) return false;
  bool is_read = fstat(descriptor, &status) == 0;
  if (is_read && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    is_read = false;
  }
  size_t expected =
      is_read && S_ISREG(status.st_mode) ? (size_t)status.st_size : 65535;
  is_read = is_read && read_all(descriptor, expected, bytes, length);
  if (!is_read) cli_message("%s: %s", path, strerror(errno));
  cli_close_file(path, descriptor);
  return is_read;
}
