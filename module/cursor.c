/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cursor: windows on the bytes of a module, and the numbers in them.
 *
 * Bounds: only three functions move `at`.
 *  1. wsig_read_byte and take() move it within the window.
 *  2. wsig_cursor_skip moves it within the window as well. It skips all bytes
 *     beyond the window in the source. Then the window is empty, and its offset
 *     is the new one.
 * The window never extends past `filled` or past the limit (see cut).
 */
#include "cursor.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)64 << 10)

/* ---------------------------------------------------------------- windows */

/* The window contains the bytes that are filled, up to the limit. */
static void cut(struct wsig_cursor *cursor) {
  uint64_t left = wsig_cursor_left(cursor);
  cursor->end = cursor->filled;
  if ((uint64_t)(cursor->filled - cursor->at) > left)
    cursor->end = cursor->at + left;
}

void wsig_cursor_open_bytes(struct wsig_cursor *cursor, const void *bytes,
                            size_t length) {
  static const uint8_t nothing;
  const uint8_t *at = length > 0 ? bytes : &nothing;
  *cursor = (struct wsig_cursor){.at = at,
                                 .end = at + length,
                                 .filled = at + length,
                                 .filled_offset = length,
                                 .limit = UINT64_MAX};
}

int wsig_cursor_open_source(struct wsig_cursor *cursor,
                            const wasmsig_module_source *source) {
  uint8_t *buffer = malloc(BUFFER_SIZE);
  if (!buffer) return WASMSIG_ENOMEM;
  wsig_cursor_open_bytes(cursor, NULL, 0);
  cursor->source = source;
  cursor->buffer = buffer;
  return WASMSIG_OK;
}

void wsig_cursor_close(struct wsig_cursor *cursor) { free(cursor->buffer); }

/* ----------------------------------------------------------------- faults */

static void stop(struct wsig_cursor *cursor, wasmsig_verdict verdict,
                 uint64_t offset, const char *detail) {
  if (cursor->failed) return;
  cursor->failed = true;
  cursor->end = cursor->at;
  cursor->verdict = verdict;
  cursor->fault_offset = offset;
  cursor->fault_detail = detail;
}

void wsig_cursor_fail(struct wsig_cursor *cursor, uint64_t offset,
                      const char *detail) {
  stop(cursor, WASMSIG_VERDICT_MALFORMED, offset, detail);
}

void wsig_cursor_newer(struct wsig_cursor *cursor, uint64_t offset,
                       const char *detail) {
  stop(cursor, WASMSIG_VERDICT_NEWER, offset, detail);
}

void wsig_cursor_break(struct wsig_cursor *cursor, int error) {
  stop(cursor, WASMSIG_VERDICT_MALFORMED, 0, NULL);
  if (cursor->error == 0) cursor->error = error;
}

bool wsig_cursor_forgive(struct wsig_cursor *cursor) {
  if (!cursor->failed) return true;
  if (cursor->error || cursor->verdict != WASMSIG_VERDICT_MALFORMED)
    return false;
  cursor->failed = false;
  cut(cursor);
  return true;
}

/* ----------------------------------------------------------------- limits */

struct wsig_limit wsig_cursor_narrow(struct wsig_cursor *cursor,
                                     uint64_t length, const char *detail) {
  struct wsig_limit before = {cursor->limit, cursor->limit_detail};
  if (cursor->failed) return before;
  if (length > wsig_cursor_left(cursor)) {
    wsig_cursor_fail(cursor, wsig_cursor_offset(cursor), cursor->limit_detail);
    return before;
  }
  cursor->limit = wsig_cursor_offset(cursor) + length;
  cursor->limit_detail = detail;
  cut(cursor);
  return before;
}

void wsig_cursor_widen(struct wsig_cursor *cursor, struct wsig_limit before) {
  cursor->limit = before.offset;
  cursor->limit_detail = before.detail;
  if (!cursor->failed) cut(cursor);
}

/* ---------------------------------------------------------------- sources */

/* Appends bytes of the source to the unread ones. False: there were none. */
static bool fill(struct wsig_cursor *cursor) {
  if (!cursor->source || cursor->failed) return false;
  size_t kept = (size_t)(cursor->filled - cursor->at);
  if (kept == BUFFER_SIZE) return false;
  memmove(cursor->buffer, cursor->at, kept);
  size_t room = BUFFER_SIZE - kept;
  ptrdiff_t count = cursor->source->read(cursor->source->context,
                                         cursor->buffer + kept, room);
  if (count < 0 || (size_t)count > room) {
    wsig_cursor_break(cursor, WASMSIG_EREAD);
    return false;
  }
  cursor->at = cursor->buffer;
  cursor->filled = cursor->buffer + kept + count;
  cursor->filled_offset += (uint64_t)count;
  cut(cursor);
  return count > 0;
}

static void end_too_early(struct wsig_cursor *cursor) {
  stop(cursor, WASMSIG_VERDICT_TRUNCATED, wsig_cursor_offset(cursor),
       cursor->limit_detail ? "the rest of a section" : "the rest of a header");
}

bool wsig_cursor_window(struct wsig_cursor *cursor) {
  if (cursor->at < cursor->end) return true;
  if (cursor->failed) return false;
  if (wsig_cursor_left(cursor) == 0)
    wsig_cursor_fail(cursor, cursor->limit, cursor->limit_detail);
  else if (fill(cursor))
    return true;
  else
    end_too_early(cursor);
  return false;
}

void wsig_cursor_expect_limit(struct wsig_cursor *cursor, const char *detail) {
  if (cursor->failed || wsig_cursor_left(cursor) == 0) return;
  if (wsig_cursor_window(cursor))
    wsig_cursor_fail(cursor, wsig_cursor_offset(cursor), detail);
}

bool wsig_cursor_at_end(struct wsig_cursor *cursor) {
  return cursor->at == cursor->end && !fill(cursor) && !cursor->failed;
}

size_t wsig_cursor_peek(struct wsig_cursor *cursor, size_t wanted) {
  while ((size_t)(cursor->end - cursor->at) < wanted && fill(cursor)) continue;
  size_t there = (size_t)(cursor->end - cursor->at);
  return there < wanted ? there : wanted;
}

/* Skips bytes of the source without filling. Returns how many there were. */
static uint64_t skip_in_source(struct wsig_cursor *cursor, uint64_t count) {
  const wasmsig_module_source *source = cursor->source;
  if (count > INT64_MAX) count = INT64_MAX;
  int64_t skipped = 0;
  if (source->skip) {
    skipped = source->skip(source->context, count);
  } else {
    size_t part = count < BUFFER_SIZE ? (size_t)count : BUFFER_SIZE;
    skipped = source->read(source->context, cursor->buffer, part);
    if (skipped > (int64_t)part) skipped = -1;
  }
  if (skipped < 0 || (uint64_t)skipped > count) {
    wsig_cursor_break(cursor, WASMSIG_EREAD);
    return 0;
  }
  return (uint64_t)skipped;
}

void wsig_cursor_skip(struct wsig_cursor *cursor, uint64_t count) {
  if (cursor->failed) return;
  if (count > wsig_cursor_left(cursor)) {
    wsig_cursor_fail(cursor, wsig_cursor_offset(cursor), cursor->limit_detail);
    return;
  }
  uint64_t here = (uint64_t)(cursor->end - cursor->at);
  if (count <= here) {
    cursor->at += count;
    return;
  }
  cursor->at = cursor->end; /* the whole window: the limit is beyond it */
  count -= here;
  while (count > 0 && cursor->source && !cursor->failed) {
    uint64_t skipped = skip_in_source(cursor, count);
    if (skipped == 0) break;
    cursor->filled_offset += skipped;
    count -= skipped;
  }
  if (count > 0) end_too_early(cursor);
}

/* ---------------------------------------------------------------- numbers */

uint8_t wsig_read_byte_slowly(struct wsig_cursor *cursor) {
  return wsig_cursor_window(cursor) ? *cursor->at++ : 0;
}

/* LEB128 of at most `bits` bits. Bits beyond these must be 0. */
static uint64_t read_unsigned(struct wsig_cursor *cursor, unsigned bits,
                              const char *detail) {
  uint64_t start = wsig_cursor_offset(cursor), value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = wsig_read_byte(cursor);
    if (cursor->failed) return 0;
    if (bits - shift < 8 && byte >> (bits - shift)) break;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  wsig_cursor_fail(cursor, start, detail);
  return 0;
}

/* LEB128 with a sign. Bits beyond these must repeat the sign. */
static int64_t read_signed(struct wsig_cursor *cursor, unsigned bits,
                           const char *detail) {
  uint64_t start = wsig_cursor_offset(cursor), value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = wsig_read_byte(cursor);
    if (cursor->failed) return 0;
    if (bits - shift < 8) {
      unsigned above = (unsigned)byte >> (bits - shift - 1);
      if (above != 0 && above != 0x7fu >> (bits - shift - 1)) break;
    }
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte & 0x40 && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
    return (int64_t)value;
  }
  wsig_cursor_fail(cursor, start, detail);
  return 0;
}

uint32_t wsig_read_u32_slowly(struct wsig_cursor *cursor) {
  return (uint32_t)read_unsigned(cursor, 32,
                                 "an unsigned number of 32 bits in LEB128");
}

uint64_t wsig_read_u64(struct wsig_cursor *cursor) {
  return read_unsigned(cursor, 64, "an unsigned number of 64 bits in LEB128");
}

int32_t wsig_read_s32(struct wsig_cursor *cursor) {
  return (int32_t)read_signed(cursor, 32,
                              "a signed number of 32 bits in LEB128");
}

int64_t wsig_read_s33(struct wsig_cursor *cursor) {
  return read_signed(cursor, 33, "a signed number of 33 bits in LEB128");
}

int64_t wsig_read_s64(struct wsig_cursor *cursor) {
  return read_signed(cursor, 64, "a signed number of 64 bits in LEB128");
}
