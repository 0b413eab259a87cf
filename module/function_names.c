/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names of the functions with plain polls, from the custom section "name", or
 * else from the exports. The names of other functions are not stored.
 */
#include "reader.h"

enum { FUNCTION_NAMES = 1 };

/* Where the report needs the function's name; NULL if it does not. */
static wasmsig_module_name *slot_of(wasmsig_module_polls *polls,
                                    uint32_t index) {
  for (uint32_t i = 0; i < polls->functions_count; i++)
    if (polls->functions[i] == index && !polls->names[i].bytes)
      return &polls->names[i];
  return NULL;
}

static void read_name(struct wsig_module *module, struct wsig_text *text) {
  struct wsig_cursor *cursor = &module->cursor;
  wasmsig_module_name *name =
      slot_of(&module->report->polls, wsig_read_u32(cursor));
  if (!name) {
    wsig_cursor_skip(cursor, wsig_read_u32(cursor));
    return;
  }
  text->length = 0;
  size_t length = wsig_read_name(cursor, text);
  if (!cursor->failed && !wsig_name_set(name, text->bytes, length))
    wsig_cursor_break(cursor, WASMSIG_ENOMEM);
}

static void read_names(struct wsig_module *module) {
  struct wsig_text text = {0};
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_name(module, &text);
  wsig_text_release(&text);
}

void wsig_read_function_names(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  while (!cursor->failed && wsig_cursor_left(cursor) > 0) {
    uint8_t kind = wsig_read_byte(cursor);
    uint32_t size = wsig_read_u32(cursor);
    struct wsig_limit before =
        wsig_cursor_narrow(cursor, size, "more of the names");
    if (kind == FUNCTION_NAMES) read_names(module);
    if (!cursor->failed) wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
    wsig_cursor_widen(cursor, before);
  }
}

static const struct wsig_export *first_export(const struct wsig_module *module,
                                              uint32_t function) {
  const struct wsig_export *first = NULL;
  for (size_t i = 0; i < module->export_count; i++) {
    const struct wsig_export *export = &module->exports[i];
    if (export->kind == WASMSIG_EXTERN_FUNCTION && export->index == function &&
        (!first || export->offset < first->offset))
      first = export;
  }
  return first;
}

void wsig_name_functions_by_exports(struct wsig_module *module) {
  wasmsig_module_polls *polls = &module->report->polls;
  for (uint32_t i = 0; i < polls->functions_count; i++) {
    if (polls->names[i].bytes) continue;
    const struct wsig_export *export =
        first_export(module, polls->functions[i]);
    if (!export) continue;
    const char *name =
        export->name.length > 0 ? module->names.bytes + export->name.start : "";
    if (!wsig_name_set(&polls->names[i], name, export->name.length))
      wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
  }
}
