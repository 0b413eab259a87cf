/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An export leads to a function's number, the imports and the section of
 * functions lead from there to the number of its type. */
#include "engines/function_kinds.h"

#include "engines/module_sections.h"
#include "module/type.h"

#include <stdlib.h>

enum {
  GROUP = 0x4e,
  SUB_FINAL = 0x4f,
  SUB = 0x50,
  ARRAY = 0x5e,
  STRUCT = 0x5f,
  FUNCTION = 0x60,
};

#define NONE UINT32_MAX

/* The number of an exported function. */
static uint32_t exported(struct cli_bytes module, const char *wanted) {
  struct wsig_cursor cursor =
      cli_find_section(module, WSIG_WASM_SECTION_EXPORT);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct cli_module_name name = cli_read_name(&cursor);
    uint8_t kind = wsig_read_byte(&cursor);
    uint32_t number = wsig_read_u32(&cursor);
    if (cli_is_name(&cursor, name, wanted))
      return kind == WASMSIG_EXTERN_FUNCTION ? number : NONE;
  }
  return NONE;
}

/* Takes the imported functions off the number of a function. Returns its type
 * if it is one of them. */
static uint32_t imported_type(struct cli_bytes module, uint32_t *function) {
  struct wsig_cursor cursor =
      cli_find_section(module, WSIG_WASM_SECTION_IMPORT);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct cli_module_import import = cli_read_import(&cursor);
    if (import.kind != WASMSIG_EXTERN_FUNCTION) continue;
    if (*function == 0) return cursor.failed ? NONE : import.type;
    (*function)--;
  }
  return NONE;
}

/* `function`: without the imported ones before it. */
static uint32_t defined_type(struct cli_bytes module, uint32_t function) {
  struct wsig_cursor cursor =
      cli_find_section(module, WSIG_WASM_SECTION_FUNCTION);
  uint32_t count = wsig_read_u32(&cursor), type = NONE;
  for (uint32_t i = 0; i <= function && i < count && !cursor.failed; i++)
    type = wsig_read_u32(&cursor);
  return function < count && !cursor.failed ? type : NONE;
}

static enum cli_kind kind_of(struct wsig_type type) {
  static const enum cli_kind kinds[] = {CLI_I32, CLI_I64, CLI_F32, CLI_F64};
  bool is_number = type.code <= WSIG_TYPE_I32 && type.code > WSIG_TYPE_I32 - 4;
  return is_number ? kinds[WSIG_TYPE_I32 - type.code] : CLI_OTHER_KIND;
}

/* NULL: out of memory. One more than needed, as 0 bytes may be NULL. */
static enum cli_kind *read_kinds(struct wsig_cursor *cursor, size_t *count) {
  *count = wsig_read_u32(cursor);
  if (*count > wsig_cursor_left(cursor)) *count = 0; /* a byte each, or more */
  enum cli_kind *kinds = calloc(*count + 1, sizeof *kinds);
  for (size_t i = 0; kinds && i < *count; i++)
    kinds[i] = kind_of(wsig_read_value_type(cursor));
  return kinds;
}

static void skip_value_types(struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    wsig_read_value_type(cursor);
}

static void skip_fields(struct wsig_cursor *cursor, uint32_t count) {
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    wsig_read_storage_type(cursor);
    wsig_read_mutability(cursor);
  }
}

static void skip_type(struct wsig_cursor *cursor, uint8_t code) {
  switch (code) {
    case FUNCTION:
      skip_value_types(cursor);
      skip_value_types(cursor);
      break;
    case STRUCT: skip_fields(cursor, wsig_read_u32(cursor)); break;
    case ARRAY: skip_fields(cursor, 1); break;
    default: wsig_cursor_fail(cursor, 0, NULL);
  }
}

/* The first byte of a type, behind its supertypes. */
static uint8_t read_code(struct wsig_cursor *cursor) {
  uint8_t code = wsig_read_byte(cursor);
  if (code != SUB && code != SUB_FINAL) return code;
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) wsig_read_u32(cursor);
  return wsig_read_byte(cursor);
}

/* The number of types in the group that begins here: 1 without a mark. */
static uint32_t read_group_size(struct wsig_cursor *cursor) {
  if (cursor->at >= cursor->end || *cursor->at != GROUP) return 1;
  wsig_read_byte(cursor);
  return wsig_read_u32(cursor);
}

/* A cursor at the parameters of a type; a failed one if they are not found. */
static struct wsig_cursor find_type(struct cli_bytes module, uint32_t type) {
  struct wsig_cursor cursor = cli_find_section(module, WSIG_WASM_SECTION_TYPE);
  for (uint32_t groups = wsig_read_u32(&cursor); groups > 0 && !cursor.failed;
       groups--)
    for (uint32_t left = read_group_size(&cursor); left > 0 && !cursor.failed;
         left--, type--) {
      uint8_t code = read_code(&cursor);
      if (type == 0 && code == FUNCTION) return cursor;
      skip_type(&cursor, code);
    }
  wsig_cursor_fail(&cursor, 0, NULL);
  return cursor;
}

bool cli_function_kinds_read(struct cli_function_kinds *kinds,
                             struct cli_bytes module, const char *name) {
  *kinds = (struct cli_function_kinds){0};
  uint32_t function = exported(module, name);
  kinds->is_found = function != NONE;
  uint32_t type = imported_type(module, &function);
  if (type == NONE) type = defined_type(module, function);
  struct wsig_cursor cursor = find_type(module, type);
  kinds->parameters = read_kinds(&cursor, &kinds->parameter_count);
  kinds->results = read_kinds(&cursor, &kinds->result_count);
  if (cursor.failed) kinds->parameter_count = kinds->result_count = 0;
  if (kinds->parameters && kinds->results) return true;
  cli_function_kinds_release(kinds);
  return false;
}

void cli_function_kinds_release(struct cli_function_kinds *kinds) {
  free(kinds->parameters);
  free(kinds->results);
  *kinds = (struct cli_function_kinds){0};
}
