/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes the new module: unchanged sections are copied as they are. */
#include "rewrite/rewrite.h"

#include <string.h>

static void put_header(struct wsig_bytes *bytes, uint8_t number,
                       uint64_t size) {
  wsig_bytes_byte(bytes, number);
  wsig_bytes_u32(bytes, size);
}

static void put_added(struct wsig_rewriting *rewriting, int number) {
  struct wsig_bytes *bytes = &rewriting->module;
  const struct wsig_bytes *payload = &rewriting->added[number];
  if (!rewriting->is_added[number]) return;
  put_header(bytes, (uint8_t)number, payload->length);
  wsig_bytes_append(bytes, payload->data, payload->length);
  rewriting->is_added[number] = false;
}

/* Writes the added sections that belong before a section of this rank. */
static void put_added_below(struct wsig_rewriting *rewriting, uint8_t rank) {
  for (int i = 1; i < WSIG_WASM_SECTION_COUNT; i++)
    if (wsig_wasm_section_ranks[i] < rank) put_added(rewriting, i);
}

static void put_section(struct wsig_rewriting *rewriting,
                        const struct wsig_wasm_section *section,
                        const struct wsig_edit *edit) {
  struct wsig_bytes *bytes = &rewriting->module;
  const uint8_t *from = rewriting->scan->bytes;
  if (edit->is_left_out) return;
  if (!edit->is_changed) {
    wsig_bytes_append(bytes, from + section->start,
                      section->end - section->start);
    return;
  }
  size_t name = section->contents - section->payload;
  put_header(bytes, section->number, name + edit->payload.length);
  wsig_bytes_append(bytes, from + section->payload, name);
  wsig_bytes_append(bytes, edit->payload.data, edit->payload.length);
}

/* Marks the module for later tools: version, interval, polls at all calls. */
static void put_mark(struct wsig_rewriting *rewriting) {
  static const char name[] = "wasmsig.instrument";
  struct wsig_bytes mark = {0};
  wsig_bytes_u32(&mark, strlen(name));
  wsig_bytes_append(&mark, name, strlen(name));
  wsig_bytes_u32(&mark, 1);
  wsig_bytes_u32(&mark, rewriting->options->every);
  wsig_bytes_byte(&mark, rewriting->options->calls);
  struct wsig_bytes *bytes = &rewriting->module;
  put_header(bytes, WSIG_WASM_SECTION_CUSTOM, mark.length);
  wsig_bytes_append(bytes, mark.data, mark.length);
  bytes->failed |= mark.failed;
  wsig_bytes_release(&mark);
}

static bool has_failed(const struct wsig_rewriting *rewriting) {
  bool failed = rewriting->module.failed;
  for (size_t i = 0; i < rewriting->scan->section_count; i++)
    failed |= rewriting->edits[i].payload.failed;
  for (int i = 0; i < WSIG_WASM_SECTION_COUNT; i++)
    failed |= rewriting->added[i].failed;
  return failed;
}

void wsig_rewrite_module(struct wsig_rewriting *rewriting) {
  const struct wsig_scan *scan = rewriting->scan;
  struct wsig_bytes *bytes = &rewriting->module;
  wsig_bytes_append(bytes, scan->bytes, 8);
  for (size_t i = 0; i < scan->section_count; i++) {
    const struct wsig_wasm_section *section = &scan->sections[i];
    if (section->number != WSIG_WASM_SECTION_CUSTOM)
      put_added_below(rewriting, wsig_wasm_section_ranks[section->number]);
    put_section(rewriting, section, &rewriting->edits[i]);
  }
  put_added_below(rewriting, UINT8_MAX);
  if (rewriting->made->polls > 0) put_mark(rewriting);
  bytes->failed = has_failed(rewriting);
}
