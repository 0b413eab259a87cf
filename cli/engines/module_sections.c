/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/module_sections.h"

#include "module/type.h"

#include <string.h>

enum { HEADER_BYTES = 8 };

struct wsig_cursor cli_find_section(struct cli_bytes module, uint8_t number) {
  struct wsig_cursor cursor;
  wsig_cursor_open_bytes(&cursor, module.start, module.length);
  wsig_cursor_skip(&cursor, HEADER_BYTES);
  while (!cursor.failed && cursor.at < cursor.end) {
    struct wsig_wasm_section_head head = wsig_read_wasm_section_head(&cursor);
    if (head.number == number) {
      wsig_cursor_narrow(&cursor, head.size, NULL);
      return cursor;
    }
    wsig_cursor_skip(&cursor, head.size);
  }
  wsig_cursor_open_bytes(&cursor, NULL, 0);
  return cursor;
}

struct cli_module_name cli_read_name(struct wsig_cursor *cursor) {
  size_t length = wsig_read_u32(cursor);
  struct cli_module_name name = {(const char *)cursor->at, length};
  wsig_cursor_skip(cursor, length);
  return name;
}

bool cli_is_name(const struct wsig_cursor *cursor, struct cli_module_name name,
                 const char *text) {
  return !cursor->failed && name.length == strlen(text) &&
         memcmp(name.bytes, text, name.length) == 0;
}

static void skip_import_type(struct wsig_cursor *cursor, uint8_t kind) {
  switch (kind) {
    case WASMSIG_EXTERN_TABLE:
      wsig_read_reference_type(cursor);
      wsig_read_table_limits(cursor);
      break;
    case WASMSIG_EXTERN_MEMORY: wsig_read_memory_limits(cursor); break;
    case WASMSIG_EXTERN_GLOBAL:
      wsig_read_value_type(cursor);
      wsig_read_mutability(cursor);
      break;
    default: /* a tag */ wsig_read_byte(cursor); wsig_read_u32(cursor);
  }
}

struct cli_module_import cli_read_import(struct wsig_cursor *cursor) {
  struct cli_module_import import = {.module = cli_read_name(cursor)};
  import.name = cli_read_name(cursor);
  import.kind = wsig_read_byte(cursor);
  if (import.kind == WASMSIG_EXTERN_FUNCTION)
    import.type = wsig_read_u32(cursor);
  else
    skip_import_type(cursor, import.kind);
  return import;
}
