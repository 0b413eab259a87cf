/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/data.h"

/* The address of the segment; its memory's index was read before. */
static struct wsig_value read_address(struct wsig_module *module,
                                      uint64_t memory, bool is_64_bit) {
  if (memory == 0)
    return wsig_read_expression(module,
                                is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
  wsig_pass_expression(module);
  return (struct wsig_value){0, WASMSIG_VALUE_COMPUTED};
}

struct range {
  uint64_t start, end, base;
};

enum { PASSIVE = 1, HAS_MEMORY = 2 };

static bool hits_segment(struct wsig_module *module, bool is_64_bit,
                         const struct range *range) {
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t flags = wsig_read_u32(cursor);
  uint64_t memory = flags == HAS_MEMORY ? wsig_read_u32(cursor) : 0;
  struct wsig_value site = {0, WASMSIG_VALUE_COMPUTED};
  if (flags != PASSIVE) site = read_address(module, memory, is_64_bit);
  uint64_t size = wsig_read_u32(cursor);
  wsig_cursor_skip(cursor, size);
  if (flags == PASSIVE || memory != 0) return false;
  if (site.source != WASMSIG_VALUE_CONSTANT) return range->end > range->base;
  return size > 0 && site.value < range->end &&
         (site.value >= range->start || size > range->start - site.value);
}

bool wsig_data_hits(const struct wsig_scan *scan, uint64_t start, uint64_t end,
                    uint64_t base) {
  const struct wsig_wasm_section *data = scan->known[WSIG_WASM_SECTION_DATA];
  if (!data) return false;
  struct range range = {start, end, base};
  struct wsig_module module = scan->module; /* a copy that has the globals */
  module.cursor = wsig_scan_cursor(scan, data->payload, data->end);
  uint32_t count = wsig_read_u32(&module.cursor);
  for (uint32_t i = 0; i < count && !module.cursor.failed; i++)
    if (hits_segment(&module, scan->report.memory.is_64_bit, &range))
      return true;
  return module.cursor.failed;
}

bool wsig_data_are_none(const struct wsig_scan *scan) {
  const struct wsig_wasm_section *data = scan->known[WSIG_WASM_SECTION_DATA];
  if (!data) return true;
  struct wsig_cursor cursor = wsig_scan_cursor(scan, data->payload, data->end);
  return wsig_read_u32(&cursor) == 0 && !cursor.failed;
}

bool wsig_data_are_passive(const struct wsig_scan *scan) {
  const struct wsig_wasm_section *data = scan->known[WSIG_WASM_SECTION_DATA];
  if (!data) return false;
  struct wsig_cursor cursor = wsig_scan_cursor(scan, data->payload, data->end);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    if (wsig_read_u32(&cursor) != PASSIVE) return false;
    wsig_cursor_skip(&cursor, wsig_read_u32(&cursor));
  }
  return count > 0 && !cursor.failed;
}
