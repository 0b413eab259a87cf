/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names of a module: vectors of bytes that must be UTF-8.
 *
 * UTF-8 is checked byte by byte, because a source may end a piece anywhere.
 * `open` continuation bytes are missing, and the next must be in [low, high].
 * The lead bytes are those of Unicode's table 3-7, "Well-Formed UTF-8 Byte
 * Sequences".
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

void *wsig_array_grow(void *items, size_t count, size_t *capacity,
                      size_t item_size) {
  if (count < *capacity) return items;
  size_t wider = *capacity ? *capacity + *capacity / 2 : 16;
  if (wider > SIZE_MAX / item_size) return NULL;
  void *moved = realloc(items, wider * item_size);
  if (moved) *capacity = wider;
  return moved;
}

/* ------------------------------------------------------------------- text */

void wsig_text_release(struct wsig_text *text) {
  free(text->bytes);
  *text = (struct wsig_text){0};
}

static bool append(struct wsig_text *text, const uint8_t *bytes, size_t count) {
  if (count > text->capacity - text->length) {
    size_t wider = text->capacity + text->capacity / 2;
    if (wider < text->length + count) wider = text->length + count;
    char *moved = realloc(text->bytes, wider);
    if (!moved) return false;
    text->bytes = moved;
    text->capacity = wider;
  }
  if (count > 0) memcpy(text->bytes + text->length, bytes, count);
  text->length += count;
  return true;
}

/* ------------------------------------------------------------------ UTF-8 */

struct utf8 {
  unsigned open;
  uint8_t low, high;
};

static bool accept_lead(struct utf8 *state, uint8_t byte) {
  *state = (struct utf8){0, 0x80, 0xbf};
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  state->open = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  if (byte == 0xe0) state->low = 0xa0;  /* overlong below */
  if (byte == 0xed) state->high = 0x9f; /* surrogates above */
  if (byte == 0xf0) state->low = 0x90;  /* overlong below */
  if (byte == 0xf4) state->high = 0x8f; /* past U+10FFFF above */
  return true;
}

static bool accept(struct utf8 *state, uint8_t byte) {
  if (state->open == 0) return accept_lead(state, byte);
  if (byte < state->low || byte > state->high) return false;
  *state = (struct utf8){state->open - 1, 0x80, 0xbf};
  return true;
}

/* How many of the bytes are UTF-8, as far as they go. */
static size_t accept_all(struct utf8 *state, const uint8_t *bytes,
                         size_t count) {
  size_t i = 0;
  while (i < count && accept(state, bytes[i])) i++;
  return i;
}

/* ------------------------------------------------------------------ names */

size_t wsig_read_name(struct wsig_cursor *cursor, struct wsig_text *text) {
  static const char not_utf8[] = "a name in UTF-8";
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t length = wsig_read_u32(cursor);
  if (!cursor->failed && length > wsig_cursor_left(cursor))
    wsig_cursor_fail(cursor, start, "a name that ends within its section");
  struct utf8 state = {0, 0x80, 0xbf};
  uint32_t left = length;
  while (left > 0 && wsig_cursor_window(cursor)) {
    size_t here = (size_t)(cursor->end - cursor->at);
    if (here > left) here = left;
    size_t good = accept_all(&state, cursor->at, here);
    if (good < here)
      wsig_cursor_fail(cursor, wsig_cursor_offset(cursor) + good, not_utf8);
    else if (text && !append(text, cursor->at, here))
      wsig_cursor_break(cursor, WASMSIG_ENOMEM);
    else
      cursor->at += here;
    left -= (uint32_t)here;
  }
  if (state.open > 0)
    wsig_cursor_fail(cursor, wsig_cursor_offset(cursor), not_utf8);
  return cursor->failed ? 0 : length;
}

bool wsig_name_set(wasmsig_module_name *name, const char *bytes,
                   size_t length) {
  char *copy = malloc(length + 1);
  if (!copy) return false;
  if (length > 0) memcpy(copy, bytes, length);
  copy[length] = '\0';
  wsig_name_release(name);
  *name = (wasmsig_module_name){copy, length};
  return true;
}

void wsig_name_release(wasmsig_module_name *name) {
  free(name->bytes);
  *name = (wasmsig_module_name){0};
}
