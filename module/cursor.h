/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cursor: the bytes of a module in order, from memory or from a source.
 *
 * Only this file and cursor.c access the bytes. Each read goes through
 * wsig_read_byte or wsig_cursor_window. Both check the window [at, end) first.
 * The window is the part of the bytes that is in memory, cut at the limit (the
 * end of the section or function body that is being read).
 *
 * A fault is permanent: from then on the window is empty and each read returns
 * zero. Only the first fault is kept. So callers need to check for faults only
 * from time to time, and in each loop.
 */
#ifndef WSIG_MODULE_CURSOR_H
#define WSIG_MODULE_CURSOR_H

#include "wasmsig/module.h"

struct wsig_cursor {
  const uint8_t *at, *end;
  const uint8_t *filled;  /* end of the bytes in memory; end <= filled */
  uint64_t filled_offset; /* of `filled`, in the file */
  uint64_t limit;         /* reads do not pass this offset */
  const char *limit_detail;
  const wasmsig_module_source *source; /* NULL: all bytes are in memory */
  uint8_t *buffer;                     /* for a source */
  bool failed;
  int error; /* why reading failed; 0: it did not, see the three below */
  wasmsig_verdict verdict;
  uint64_t fault_offset;
  const char *fault_detail;
};

/** The caller keeps the bytes, unmoved, while the cursor is open. */
void wsig_cursor_open_bytes(struct wsig_cursor *cursor, const void *bytes,
                            size_t length);
/** Errors: ENOMEM. Then there is nothing to close. */
int wsig_cursor_open_source(struct wsig_cursor *cursor,
                            const wasmsig_module_source *source);
void wsig_cursor_close(struct wsig_cursor *cursor);

static inline uint64_t wsig_cursor_offset(const struct wsig_cursor *cursor) {
  return cursor->filled_offset - (uint64_t)(cursor->filled - cursor->at);
}

/** Bytes up to the limit. The file may end before. */
static inline uint64_t wsig_cursor_left(const struct wsig_cursor *cursor) {
  return cursor->limit - wsig_cursor_offset(cursor);
}

/** MALFORMED: `detail` says what was expected at `offset`. */
void wsig_cursor_fail(struct wsig_cursor *cursor, uint64_t offset,
                      const char *detail);
/** NEWER: the number at `offset` is still unused; `detail` says what is known.
 */
void wsig_cursor_newer(struct wsig_cursor *cursor, uint64_t offset,
                       const char *detail);
/** Reading failed, whatever the bytes are: ENOMEM, EREAD. */
void wsig_cursor_break(struct wsig_cursor *cursor, int error);
/** Clears the fault MALFORMED and stays at its offset. Returns false for all
 * other faults, which stay. */
bool wsig_cursor_forgive(struct wsig_cursor *cursor);

/** The end of the part that is being read, to be restored later. */
struct wsig_limit {
  uint64_t offset;
  const char *detail;
};

/** Sets the limit `length` bytes from here. Reading further then fails with
 * `detail`. Returns the previous limit. Fails if that one is nearer. */
struct wsig_limit wsig_cursor_narrow(struct wsig_cursor *cursor,
                                     uint64_t length, const char *detail);
void wsig_cursor_widen(struct wsig_cursor *cursor, struct wsig_limit before);

/** Fails if there are bytes left before the limit. */
void wsig_cursor_expect_limit(struct wsig_cursor *cursor, const char *detail);

/** Whether the bytes end here. Only where there is no limit. */
bool wsig_cursor_at_end(struct wsig_cursor *cursor);
/** Makes up to `wanted` bytes available at `at`, at most a few hundred. Returns
 * how many there are. */
size_t wsig_cursor_peek(struct wsig_cursor *cursor, size_t wanted);
/** Makes the window hold at least a byte, or fails. */
bool wsig_cursor_window(struct wsig_cursor *cursor);
/** Skips bytes; fails if the limit or the file ends before. */
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

/** The next byte, without reading it; 0, and no fault, if there is none. */
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
