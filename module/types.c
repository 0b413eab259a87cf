/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The type section: recursion groups of functions, structures and arrays.
 *
 * A type may refer to every earlier type and to the types of its own group,
 * whose number is not known while the group is read. So the reader keeps the
 * highest reference, and compares it with the count at the end of the group.
 */
#include "reader.h"

enum {
  REC = 0x4e,
  SUB_FINAL = 0x4f,
  SUB = 0x50,
  ARRAY = 0x5e,
  STRUCT = 0x5f,
  FUNCTION = 0x60,
};

static const char no_such_type[] = "the index of a type that exists";

static void check_index(struct wsig_module *module, uint32_t index,
                        uint64_t offset) {
  if (module->in_types && index >= module->type_highest) {
    module->type_highest = (uint64_t)index + 1;
    module->type_highest_offset = offset;
  } else if (!module->in_types && index >= module->type_count) {
    wsig_cursor_fail(&module->cursor, offset, no_such_type);
  }
}

void wsig_check_type(struct wsig_module *module, const struct wsig_type *type) {
  if (type->is_indexed) check_index(module, type->index, type->offset);
}

uint32_t wsig_read_function_type_index(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t index = wsig_read_u32(cursor);
  if (cursor->failed) return index;
  if (index >= module->type_count || module->types[index].code != FUNCTION)
    wsig_cursor_fail(cursor, start, "the index of a function type");
  return index;
}

/* ------------------------------------------------------------------ types */

static void read_field(struct wsig_module *module) {
  struct wsig_type type = wsig_read_storage_type(&module->cursor);
  wsig_check_type(module, &type);
  wsig_read_mutability(&module->cursor);
}

/* Returns how many there are. */
static uint32_t read_value_types(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    struct wsig_type type = wsig_read_value_type(cursor);
    wsig_check_type(module, &type);
  }
  return count;
}

static void read_fields(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_field(module);
}

static void add(struct wsig_module *module, uint8_t code, uint32_t parameters) {
  struct wsig_composite_type *types = wsig_array_grow(
      module->types, module->type_count, &module->type_capacity, sizeof *types);
  if (!types) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->types = types;
  types[module->type_count++] = (struct wsig_composite_type){code, parameters};
}

static void read_composite(struct wsig_module *module, uint8_t code,
                           uint64_t start) {
  uint32_t parameters = 0;
  switch (code) {
    case ARRAY: read_field(module); break;
    case STRUCT: read_fields(module); break;
    case FUNCTION:
      parameters = read_value_types(module);
      read_value_types(module);
      break;
    default:
      wsig_type_refuse(&module->cursor, code, start,
                       "a type of a function, structure or array");
  }
  if (!module->cursor.failed) add(module, code, parameters);
}

static void read_supertypes(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    uint64_t start = wsig_cursor_offset(cursor);
    check_index(module, wsig_read_u32(cursor), start);
  }
}

static void read_subtype(struct wsig_module *module, uint8_t code,
                         uint64_t start) {
  struct wsig_cursor *cursor = &module->cursor;
  if (code == SUB || code == SUB_FINAL) {
    read_supertypes(module);
    start = wsig_cursor_offset(cursor);
    code = wsig_read_byte(cursor);
  }
  if (!cursor->failed) read_composite(module, code, start);
}

static void read_group(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t code = wsig_read_byte(cursor);
  if (code != REC) {
    read_subtype(module, code, start);
  } else {
    uint32_t count = wsig_read_u32(cursor);
    for (uint32_t i = 0; i < count && !cursor->failed; i++) {
      start = wsig_cursor_offset(cursor);
      read_subtype(module, wsig_read_byte(cursor), start);
    }
  }
  if (module->type_highest > module->type_count)
    wsig_cursor_fail(cursor, module->type_highest_offset, no_such_type);
}

void wsig_read_types(struct wsig_module *module) {
  module->in_types = true;
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_group(module);
  module->in_types = false;
}
