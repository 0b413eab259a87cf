/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The section "name". Functions, locals, globals and all other items keep their
 * numbers, except labels. Labels are numbered in the order of their blocks in a
 * function (the appendix of the specification calls this the extended name
 * section). So the labels after a poll get new numbers. A section in an unknown
 * format stays as it is, because names do not affect the execution.
 */
#include "rewrite/rewrite.h"

struct renaming {
  struct wsig_cursor cursor;
  const struct wsig_offset_map *labels;
  struct wsig_bytes *bytes; /* the new section */
  bool has_labels;
};

/* Copies `length` bytes unchanged. */
static void copy(struct renaming *renaming, uint64_t length,
                 struct wsig_bytes *to) {
  const uint8_t *start = renaming->cursor.at;
  wsig_cursor_skip(&renaming->cursor, length);
  if (!renaming->cursor.failed) wsig_bytes_append(to, start, (size_t)length);
}

static uint32_t copy_u32(struct renaming *renaming, struct wsig_bytes *to) {
  uint32_t number = wsig_read_u32(&renaming->cursor);
  wsig_bytes_u32(to, number);
  return number;
}

static void move_function(struct renaming *renaming, struct wsig_bytes *to) {
  uint32_t function = copy_u32(renaming, to);
  uint32_t count = copy_u32(renaming, to);
  for (uint32_t i = 0; i < count && !renaming->cursor.failed; i++) {
    uint64_t label = wsig_label(function, wsig_read_u32(&renaming->cursor));
    wsig_bytes_u32(to,
                   (uint32_t)wsig_offset_map_apply(renaming->labels, label));
    copy(renaming, copy_u32(renaming, to), to);
  }
}

static void move_labels(struct renaming *renaming, struct wsig_bytes *to) {
  uint32_t count = copy_u32(renaming, to);
  renaming->has_labels = true;
  for (uint32_t i = 0; i < count && !renaming->cursor.failed; i++)
    move_function(renaming, to);
}

/* Rewrites the names of one kind of item. */
static void rename_kind(struct renaming *renaming) {
  enum { LABEL_NAMES = 3 };
  struct wsig_bytes names = {0};
  uint8_t kind = wsig_read_byte(&renaming->cursor);
  uint32_t size = wsig_read_u32(&renaming->cursor);
  struct wsig_limit before =
      wsig_cursor_narrow(&renaming->cursor, size, "names");
  if (kind == LABEL_NAMES) move_labels(renaming, &names);
  copy(renaming, wsig_cursor_left(&renaming->cursor), &names);
  wsig_cursor_widen(&renaming->cursor, before);
  wsig_bytes_byte(renaming->bytes, kind);
  wsig_bytes_u32(renaming->bytes, names.length);
  wsig_bytes_append(renaming->bytes, names.data, names.length);
  renaming->bytes->failed |= names.failed;
  wsig_bytes_release(&names);
}

void wsig_rewrite_names(struct wsig_rewriting *rewriting, size_t number) {
  const struct wsig_wasm_section *section = &rewriting->scan->sections[number];
  struct wsig_edit *edit = &rewriting->edits[number];
  size_t length = section->end - section->contents;
  struct renaming renaming = {
      .cursor =
          wsig_scan_cursor(rewriting->scan, section->contents, section->end),
      .labels = &rewriting->code.labels,
      .bytes = &edit->payload};
  while (!renaming.cursor.failed &&
         wsig_cursor_offset(&renaming.cursor) < length)
    rename_kind(&renaming);
  edit->is_changed = renaming.has_labels && !renaming.cursor.failed;
}
