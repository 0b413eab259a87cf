/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cursor: the bytes of a module in order, from memory or from a source.
 *
 * Nobody else touches the bytes. Each read goes through wsig_read_byte or
 * wsig_cursor_window, which look at the window [at, end) first: it is what
 * lies in memory, cut at the limit (the end of the section or body that is
 * being read). What goes wrong sticks: the window is empty from then on, each
 * read gives zeros, and the first fault is what counts. So callers need only
 * ask now and then, and in each loop.
 */
#ifndef WSIG_MODULE_CURSOR_H
#define WSIG_MODULE_CURSOR_H

#include "wasmsig/module.h"

struct wsig_cursor {
  const uint8_t *at, *end;
  const uint8_t *filled;  /* end of what lies in memory; end <= filled */
  uint64_t filled_offset; /* of `filled`, in the file */
  uint64_t limit;         /* offset that reads do not pass */
  const char *limit_detail;
  const wasmsig_module_source *source; /* NULL: all lies in memory */
  uint8_t *buffer;                     /* of a source */
  bool failed;
  int error; /* why reading itself failed; else 0 and the three below */
  wasmsig_verdict verdict;
  uint64_t fault_offset;
  const char *fault_detail;
};

/** The bytes stay the caller's, and where they are. */
void wsig_cursor_open_bytes(struct wsig_cursor *cursor, const void *bytes,
                            size_t length);
/** Errors: ENOMEM. Nothing is to be closed then. */
int wsig_cursor_open_source(struct wsig_cursor *cursor,
                            const wasmsig_module_source *source);
void wsig_cursor_close(struct wsig_cursor *cursor);

static inline uint64_t wsig_cursor_offset(const struct wsig_cursor *cursor) {
  return cursor->filled_offset - (uint64_t)(cursor->filled - cursor->at);
}

/** Bytes up to the limit; they need not exist. */
static inline uint64_t wsig_cursor_left(const struct wsig_cursor *cursor) {
  return cursor->limit - wsig_cursor_offset(cursor);
}

/** MALFORMED: at `offset` was expected what `detail` says. */
void wsig_cursor_fail(struct wsig_cursor *cursor, uint64_t offset,
                      const char *detail);
/** NEWER: at `offset` stands what nobody uses yet; `detail` says what may. */
void wsig_cursor_newer(struct wsig_cursor *cursor, uint64_t offset,
                       const char *detail);
/** Reading itself failed: ENOMEM, EREAD. */
void wsig_cursor_break(struct wsig_cursor *cursor, int error);
/** Forgets that the bytes were malformed, and stays where it is. Whether it
 * could: nothing else is forgiven. */
bool wsig_cursor_forgive(struct wsig_cursor *cursor);

/** The end of what is being read, to come back to. */
struct wsig_limit {
  uint64_t offset;
  const char *detail;
};

/** Reads no further than `length` from here, and fails with `detail` where more
 * is wanted. Answers the limit that stood; fails if it lies nearer. */
struct wsig_limit wsig_cursor_narrow(struct wsig_cursor *cursor,
                                     uint64_t length, const char *detail);
void wsig_cursor_widen(struct wsig_cursor *cursor, struct wsig_limit before);

/** Fails if there is more up to the limit. */
void wsig_cursor_expect_limit(struct wsig_cursor *cursor, const char *detail);

/** Whether the bytes end here; only where no limit is. */
bool wsig_cursor_at_end(struct wsig_cursor *cursor);
/** Up to `wanted` bytes that follow, at `at`: how many. For a few hundred. */
size_t wsig_cursor_peek(struct wsig_cursor *cursor, size_t wanted);
/** Makes the window hold at least a byte, or fails. */
bool wsig_cursor_window(struct wsig_cursor *cursor);
/** Passes over bytes; fails where limit or file end before. */
void wsig_cursor_skip(struct wsig_cursor *cursor, uint64_t count);

uint8_t wsig_read_byte_slowly(struct wsig_cursor *cursor);
uint32_t wsig_read_u32_slowly(struct wsig_cursor *cursor);
uint64_t wsig_read_u64(struct wsig_cursor *cursor);
int32_t wsig_read_s32(struct wsig_cursor *cursor);
int64_t wsig_read_s33(struct wsig_cursor *cursor);
int64_t wsig_read_s64(struct wsig_cursor *cursor);

static inline uint8_t wsig_read_byte(struct wsig_cursor *cursor) {
  if (cursor->at < cursor->end) return *cursor->at++;
  return wsig_read_byte_slowly(cursor);
}

/** The byte that comes next, which stays; 0 if there is none, and no fault. */
static inline uint8_t wsig_peek_byte(struct wsig_cursor *cursor) {
  if (cursor->at < cursor->end) return *cursor->at;
  return wsig_cursor_left(cursor) > 0 && wsig_cursor_peek(cursor, 1) > 0
             ? *cursor->at
             : 0;
}

static inline uint32_t wsig_read_u32(struct wsig_cursor *cursor) {
  if (cursor->at < cursor->end && *cursor->at < 0x80) return *cursor->at++;
  return wsig_read_u32_slowly(cursor);
}

#endif
