/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sections of segments: elements, data and the data's count. */
#include "reader.h"

static const char no_such_table[] = "the index of a table that exists";

/* --------------------------------------------------------------- elements */

enum { IS_PASSIVE = 1, HAS_INDEX = 2, HAS_EXPRESSIONS = 4 };

static void read_element_kind(struct wsig_module *module, uint32_t flags) {
  struct wsig_cursor *cursor = &module->cursor;
  if (flags & HAS_EXPRESSIONS) {
    struct wsig_type type = wsig_read_reference_type(cursor);
    wsig_check_type(module, &type);
    return;
  }
  uint64_t start = wsig_cursor_offset(cursor);
  if (wsig_read_byte(cursor) != 0)
    wsig_cursor_newer(cursor, start, "the kind of elements, 0");
}

static void read_element_place(struct wsig_module *module, uint32_t flags,
                               uint64_t start) {
  if (flags & HAS_INDEX)
    wsig_read_index(module, module->table_count, no_such_table);
  else if (module->table_count == 0)
    wsig_cursor_fail(&module->cursor, start, "no elements: there is no table");
  wsig_pass_expression(module);
}

static void read_element(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t flags = wsig_read_u32(cursor);
  if (flags > 7) wsig_cursor_newer(cursor, start, "flags of elements, 0 to 7");
  if (!(flags & IS_PASSIVE)) read_element_place(module, flags, start);
  if (flags & (IS_PASSIVE | HAS_INDEX)) read_element_kind(module, flags);
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    if (flags & HAS_EXPRESSIONS)
      wsig_pass_expression(module);
    else
      wsig_read_index(module, module->function_count,
                      "the index of a function that exists");
  }
}

void wsig_read_elements(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_element(module);
}

/* ------------------------------------------------------------------- data */

void wsig_read_data_count(struct wsig_module *module) {
  module->data_count = wsig_read_u32(&module->cursor);
  module->has_data_count = true;
}

static void read_segment(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t flags = wsig_read_u32(cursor);
  if (flags > 2) wsig_cursor_newer(cursor, start, "flags of data, 0 to 2");
  if (flags == 2)
    wsig_read_index(module, module->memory_count,
                    "the index of a memory that exists");
  else if (flags == 0 && module->memory_count == 0)
    wsig_cursor_fail(cursor, start, "no data: there is no memory");
  if (flags != 1) wsig_pass_expression(module);
  start = wsig_cursor_offset(cursor);
  uint32_t size = wsig_read_u32(cursor);
  if (!cursor->failed && size > wsig_cursor_left(cursor))
    wsig_cursor_fail(cursor, start, "data that end within their section");
  wsig_cursor_skip(cursor, size);
}

void wsig_read_data(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t count = wsig_read_u32(cursor);
  module->has_data = true;
  if (!cursor->failed && module->has_data_count && count != module->data_count)
    wsig_cursor_fail(cursor, start, "as many data as the data count says");
  for (uint32_t i = 0; i < count && !cursor->failed; i++) read_segment(module);
}
