/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Each write has new events and then the end of the file: the ends of the
 * slices that are open, and the closing brackets. The next write begins where
 * that end began. It is never shorter (spaces follow), so no rest of the old
 * end remains, and the file is complete JSON before and after.
 *
 * If a write fails, the old end is written again where it was, which needs no
 * space, and the file is cut after it.
 */
#include "trace/file.h"

#include "trace/open_slices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_BYTES ((size_t)32 << 10)
#define END_BYTES ((WSIG_TRACE_MOST_OPEN + 1) * WSIG_TRACE_LINE)

static char name[PATH_MAX];
static int file = -1;
static off_t end_at; /* where the end of the file begins */
static char *end;    /* END_BYTES, in `room` */
static size_t end_length;
static uint64_t last_ns; /* the latest time of an event */
static uint64_t lost;    /* how many events are missing */
static bool has_failed;
static int failure; /* its errno */

/* New events, and the new end: EVENTS_BYTES + END_BYTES, in `room`. */
static char *text;
static size_t length;

/* Only a process with a trace has this much memory for it. */
#define ROOM_BYTES (EVENTS_BYTES + END_BYTES + END_BYTES)
static char *room;

const char *wsig_trace_file_name(void) { return name; }

const char *wsig_trace_error_text(int error) {
  static char words[128];
#if defined(__GLIBC__)
  return strerror_r(error, words, sizeof words);
#else
  strerror_r(error, words, sizeof words);
  return words;
#endif
}

/* ------------------------------------------------------------------ writing */

static bool write_at(off_t at, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = pwrite(file, bytes, count, at);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) return false;
    bytes += written;
    at += written;
    count -= (size_t)written;
  }
  return true;
}

static size_t put_whole_end(char *to, enum wsig_trace_ending ending) {
  size_t used = 0;
  const char *why = ending == WSIG_TRACE_COMPLETE ? "that of the process"
                                                  : "later than this trace";
  for (size_t i = wsig_trace_open_count; i > 0; i--)
    used += wsig_trace_put_open(to + used, &wsig_trace_open_slices[i - 1],
                                last_ns, why);
  return used + wsig_trace_put_end(to + used, lost, ending);
}

static void cut_short(void) {
  failure = errno;
  has_failed = true;
  char *ending = end + end_length - WSIG_TRACE_ENDING_BYTES;
  if (end_length) wsig_trace_put_ending(ending, WSIG_TRACE_CUT_SHORT);
  bool is_whole = write_at(end_at, end, end_length) &&
                  ftruncate(file, end_at + (off_t)end_length) == 0;
  (void)is_whole; /* nothing else can be tried */
}

static bool flush(enum wsig_trace_ending ending) {
  errno = failure;
  if (has_failed) return false;
  size_t new_length = put_whole_end(text + length, ending);
  size_t total = length + new_length;
  if (total < end_length) {
    memset(text + total, ' ', end_length - total);
    total = end_length;
  }
  bool is_written = write_at(end_at, text, total);
  if (is_written) {
    end_at += (off_t)length;
    end_length = new_length;
    memcpy(end, text + length, new_length);
  } else {
    cut_short();
  }
  length = 0;
  errno = failure;
  return is_written;
}

bool wsig_trace_file_flush(uint64_t lost_now, enum wsig_trace_ending ending) {
  lost = lost_now;
  return flush(ending);
}

void wsig_trace_file_add(const struct wsig_trace_record *record) {
  if (has_failed || !wsig_trace_open_slices_note(record)) return;
  if (record->event.time_ns > last_ns) last_ns = record->event.time_ns;
  length += wsig_trace_put_record(text + length, record);
  if (length > EVENTS_BYTES - WSIG_TRACE_LINE) flush(WSIG_TRACE_RUNNING);
}

/* ------------------------------------------------------------------ opening */

/* %p is the process id. False: the name is too long. */
static bool expand(const char *pattern) {
  size_t used = 0;
  for (; *pattern && used < sizeof name - 16; pattern++) {
    if (pattern[0] == '%' && pattern[1] == 'p')
      used += (size_t)snprintf(name + used, 16, "%d", (int)getpid());
    else
      name[used++] = *pattern;
    if (pattern[0] == '%' && (pattern[1] == 'p' || pattern[1] == '%'))
      pattern++;
  }
  name[used] = '\0';
  return !*pattern;
}

/* Something else than a trace may be there by mistake: a module, say. */
static bool may_be_overwritten(void) {
  char start[32] = "";
  size_t magic = strlen(wsig_trace_magic);
  ssize_t found = pread(file, start, magic, 0);
  return found == 0 || ((size_t)found == magic &&
                        memcmp(start, wsig_trace_magic, magic) == 0);
}

/* NULL, or why the file that is open cannot become the trace. */
static const char *prepare(void) {
  struct statx status; /* fstat needs a newer glibc than the addon may, and the
                          function statx a newer musl */
  if (syscall(SYS_statx, file, "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0 ||
      lseek(file, 0, SEEK_CUR) < 0)
    return "it is no file in which a trace can be rewritten";
  if (!S_ISREG(status.stx_mode)) return NULL;
  if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return "another process is writing its trace there (%p in the name is the "
           "process id)";
  if (!may_be_overwritten())
    return "a file that is no trace is there, and is not overwritten";
  return ftruncate(file, 0) == 0 ? NULL : wsig_trace_error_text(errno);
}

/* With O_NONBLOCK a pipe without a reader is an error. */
static bool open_name(void) {
  file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  return file >= 0;
}

void wsig_trace_file_close(void) {
  if (file >= 0) close(file);
  file = -1;
}

static bool make_room(void) {
  void *pages = mmap(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return false;
  room = pages;
  text = room;
  end = room + EVENTS_BYTES + END_BYTES;
  return true;
}

static const char *give_up(const char *why) {
  wsig_trace_file_close();
  if (room) munmap(room, ROOM_BYTES);
  room = NULL;
  return why;
}

const char *wsig_trace_file_open(const char *pattern, const char *process) {
  if (!*pattern) return "its name is empty";
  if (strcmp(pattern, "-") == 0)
    return "a trace needs a file: it cannot go to standard output";
  if (!expand(pattern)) return wsig_trace_error_text(ENAMETOOLONG);
  if (!open_name()) return wsig_trace_error_text(errno);
  const char *why = prepare();
  if (!why && !make_room()) why = wsig_trace_error_text(ENOMEM);
  if (why) return give_up(why);
  length = wsig_trace_put_start(text, process);
  if (!flush(WSIG_TRACE_RUNNING)) return give_up(wsig_trace_error_text(errno));
  return NULL;
}
