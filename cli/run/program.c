/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads the import and the export section with the module reader's cursor, and
 * skips all others. */
#include "run/program.h"

#include "module/type.h"
#include "module/wasm_section.h"

#include <string.h>

enum { HEADER_BYTES = 8 };

struct name {
  const char *bytes;
  size_t length;
};

static struct name read_name(struct wsig_cursor *cursor) {
  size_t length = wsig_read_u32(cursor);
  struct name name = {(const char *)cursor->at, length};
  wsig_cursor_skip(cursor, length);
  return name;
}

static bool is_name(const struct wsig_cursor *cursor, struct name name,
                    const char *text) {
  return !cursor->failed && name.length == strlen(text) &&
         memcmp(name.bytes, text, name.length) == 0;
}

/* A cursor at the start of a section; at its end if there is no such section.
 */
static struct wsig_cursor find_section(const uint8_t *bytes, size_t length,
                                       uint8_t number) {
  struct wsig_cursor cursor;
  wsig_cursor_open_bytes(&cursor, bytes, length);
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

/* ---------------------------------------------------------------- exports */

static bool has_function(const uint8_t *bytes, size_t length,
                         const char *wanted) {
  struct wsig_cursor cursor =
      find_section(bytes, length, WSIG_WASM_SECTION_EXPORT);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct name name = read_name(&cursor);
    uint8_t kind = wsig_read_byte(&cursor);
    wsig_read_u32(&cursor);
    if (is_name(&cursor, name, wanted)) return kind == WASMSIG_EXTERN_FUNCTION;
  }
  return false;
}

/* ---------------------------------------------------------------- imports */

static void skip_import_type(struct wsig_cursor *cursor) {
  switch (wsig_read_byte(cursor)) {
    case WASMSIG_EXTERN_FUNCTION: wsig_read_u32(cursor); break;
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

/* wasi-threads is the only interface for it. */
static bool spawns_threads(const uint8_t *bytes, size_t length) {
  struct wsig_cursor cursor =
      find_section(bytes, length, WSIG_WASM_SECTION_IMPORT);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct name module = read_name(&cursor);
    struct name name = read_name(&cursor);
    if (is_name(&cursor, module, "wasi") &&
        is_name(&cursor, name, "thread-spawn"))
      return true;
    skip_import_type(&cursor);
  }
  return false;
}

/* ---------------------------------------------------------------- memories */

enum { PAGE = 1 << 16 };

/* Wasmtime's limits of a store do not hold for shared memories. Their type has
 * a maximum. */
static bool has_larger_shared_memory(const uint8_t *bytes, size_t length,
                                     uint64_t most_memory) {
  struct wsig_cursor cursor =
      find_section(bytes, length, WSIG_WASM_SECTION_MEMORY);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct wsig_limits limits = wsig_read_memory_limits(&cursor);
    if (limits.is_shared && limits.maximum > most_memory / PAGE) return true;
  }
  return false;
}

/* -------------------------------------------------------------------- all */

const char *cli_program_refusal(const uint8_t *bytes, size_t length,
                                const wasmsig_module_report *report,
                                const char *entry, uint64_t most_memory) {
  const wasmsig_module_memory *memory = &report->memory;
  bool imports_memory = memory->count > 0 && memory->is_imported;
  if (memory->count > 0 && memory->is_64_bit)
    return "its memory has 64-bit addresses, but WASI preview 1 has 32-bit "
           "ones";
  if ((imports_memory && memory->is_shared) || spawns_threads(bytes, length))
    return "it needs threads (wasi-threads), which are not supported";
  if (!has_function(bytes, length, entry))
    return strcmp(entry, "_start") == 0
               ? "it has no function _start: it is not a program"
               : "--invoke: it exports no function of that name";
  if (imports_memory)
    return "it imports its memory, but a WASI program defines its own";
  if (memory->count > 0 && memory->minimum_pages > most_memory / PAGE)
    return "its memory is larger than --max-memory from the start";
  if (has_larger_shared_memory(bytes, length, most_memory))
    return "a memory of it is shared, and may grow beyond --max-memory";
  return NULL;
}
