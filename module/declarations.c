/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections that declare the module's items: imports, functions, tables,
 * memories, tags, globals, exports, start. The facts about memory 0 and about
 * the words go directly into the report.
 */
#include "instruction.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

uint32_t wsig_read_index(struct wsig_module *module, uint64_t count,
                         const char *detail) {
  uint64_t start = wsig_cursor_offset(&module->cursor);
  uint32_t index = wsig_read_u32(&module->cursor);
  if (!module->cursor.failed && index >= count)
    wsig_cursor_fail(&module->cursor, start, detail);
  return index;
}

static struct wsig_span read_span(struct wsig_module *module) {
  size_t start = module->names.length;
  return (struct wsig_span){start,
                            wsig_read_name(&module->cursor, &module->names)};
}

static void copy_name(struct wsig_module *module, wasmsig_module_name *name,
                      struct wsig_span span) {
  if (module->cursor.failed) return;
  const char *bytes = span.length > 0 ? module->names.bytes + span.start : "";
  if (!wsig_name_set(name, bytes, span.length))
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
}

/* ----------------------------------------------------------------- items */

static void read_table_type(struct wsig_module *module) {
  struct wsig_type type = wsig_read_reference_type(&module->cursor);
  wsig_check_type(module, &type);
  wsig_read_table_limits(&module->cursor);
  module->table_count++;
}

static void add_memory(struct wsig_module *module,
                       const struct wsig_limits *limits) {
  bool *memories = wsig_array_grow(module->memories, module->memory_count,
                                   &module->memory_capacity, sizeof *memories);
  if (!memories) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->memories = memories;
  bool is_plain = !limits->is_shared && !limits->is_64_bit;
  memories[module->memory_count++] =
      is_plain && limits->minimum == 1 && limits->maximum == 1;
}

/* Returns whether it is memory 0. */
static bool read_memory_type(struct wsig_module *module, bool is_imported) {
  struct wsig_limits limits = wsig_read_memory_limits(&module->cursor);
  if (!module->cursor.failed) add_memory(module, &limits);
  if (module->cursor.failed) return false;
  wasmsig_module_memory *memory = &module->report->memory;
  if (memory->count < UINT32_MAX) memory->count++;
  if (module->memory_count > 1) return false;
  memory->is_imported = is_imported;
  memory->is_shared = limits.is_shared;
  memory->is_64_bit = limits.is_64_bit;
  memory->minimum_pages = limits.minimum;
  memory->maximum_pages = limits.maximum;
  return true;
}

static struct wsig_global read_global_type(struct wsig_module *module) {
  struct wsig_type type = wsig_read_value_type(&module->cursor);
  wsig_check_type(module, &type);
  bool is_mutable = wsig_read_mutability(&module->cursor);
  return (struct wsig_global){.type = type.code, .is_mutable = is_mutable};
}

static void add_global(struct wsig_module *module,
                       const struct wsig_global *global) {
  struct wsig_global *globals =
      wsig_array_grow(module->globals, module->global_count,
                      &module->global_capacity, sizeof *globals);
  if (!globals) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->globals = globals;
  globals[module->global_count++] = *global;
}

static void read_tag_type(struct wsig_module *module) {
  uint64_t start = wsig_cursor_offset(&module->cursor);
  if (wsig_read_byte(&module->cursor) != 0)
    wsig_cursor_newer(&module->cursor, start, "the kind of a tag, 0");
  wsig_read_function_type_index(module);
  module->tag_count++;
}

/* --------------------------------------------------------------- imports */

static void import_global(struct wsig_module *module,
                          const struct wsig_import *import) {
  struct wsig_global global = read_global_type(module);
  if (module->cursor.failed) return;
  struct wsig_import *imports =
      wsig_array_grow(module->imports, module->import_count,
                      &module->import_capacity, sizeof *imports);
  if (!imports) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->imports = imports;
  global.source = WASMSIG_VALUE_IMPORTED;
  global.import_number = (uint32_t)module->import_count;
  imports[module->import_count++] = *import;
  add_global(module, &global);
}

static void import_memory(struct wsig_module *module,
                          const struct wsig_import *import) {
  if (!read_memory_type(module, true)) return;
  copy_name(module, &module->report->memory.import_module, import->module);
  copy_name(module, &module->report->memory.import_name, import->name);
}

static void read_import(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  size_t names = module->names.length;
  struct wsig_import import;
  import.module = read_span(module);
  import.name = read_span(module);
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t kind = wsig_read_byte(cursor);
  switch (kind) {
    case WASMSIG_EXTERN_FUNCTION:
      wsig_read_function_type_index(module);
      module->imported_functions = ++module->function_count;
      break;
    case WASMSIG_EXTERN_TABLE: read_table_type(module); break;
    case WASMSIG_EXTERN_MEMORY: import_memory(module, &import); break;
    case WASMSIG_EXTERN_GLOBAL: import_global(module, &import); break;
    case WASMSIG_EXTERN_TAG: read_tag_type(module); break;
    default: wsig_cursor_newer(cursor, start, "the kind of an import, 0 to 4");
  }
  if (kind != WASMSIG_EXTERN_GLOBAL) module->names.length = names;
}

void wsig_read_imports(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_import(module);
}

/* ----------------------------------------------------------- definitions */

/* `number`: among the functions with a body. */
static void add_function(struct wsig_module *module, uint32_t type,
                         uint32_t number) {
  uint32_t *functions = wsig_array_grow(
      module->functions, number, &module->function_capacity, sizeof *functions);
  if (!functions) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->functions = functions;
  functions[number] = type;
}

void wsig_read_functions(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++) {
    uint32_t type = wsig_read_function_type_index(module);
    if (module->wants_polls) add_function(module, type, i);
  }
  module->function_count += count;
}

static void read_table(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  bool has_initialiser = wsig_peek_byte(cursor) == 0x40;
  if (has_initialiser) {
    wsig_read_byte(cursor);
    uint64_t start = wsig_cursor_offset(cursor);
    if (wsig_read_byte(cursor) != 0)
      wsig_cursor_newer(cursor, start, "a zero byte");
  }
  read_table_type(module);
  if (has_initialiser) wsig_pass_expression(module);
}

void wsig_read_tables(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_table(module);
}

void wsig_read_memories(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_memory_type(module, false);
}

void wsig_read_tags(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_tag_type(module);
}

static void read_global(struct wsig_module *module) {
  struct wsig_global global = read_global_type(module);
  struct wsig_value value = wsig_read_expression(module, global.type);
  global.value = value.value;
  global.source = value.source;
  if (!module->cursor.failed) add_global(module, &global);
}

void wsig_read_globals(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_global(module);
}

/* --------------------------------------------------------------- exports */

static void report_global(struct wsig_module *module,
                          wasmsig_module_word *word) {
  const struct wsig_global *global = &module->globals[word->index];
  word->type = global->type;
  word->is_mutable = global->is_mutable;
  word->source = (wasmsig_value_source)global->source;
  if (word->source == WASMSIG_VALUE_CONSTANT) word->address = global->value;
  if (word->source != WASMSIG_VALUE_IMPORTED) return;
  const struct wsig_import *import = &module->imports[global->import_number];
  copy_name(module, &word->import_module, import->module);
  copy_name(module, &word->import_name, import->name);
}

static void report_word(struct wsig_module *module,
                        const struct wsig_export *export) {
  const char *name = module->names.bytes + export->name.start;
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    const char *wanted = wasmsig_word_name(i);
    wasmsig_module_word *word = &module->report->words[i];
    if (export->name.length != strlen(wanted) || word->is_exported ||
        memcmp(name, wanted, export->name.length) != 0)
      continue;
    word->is_exported = true;
    word->kind = (wasmsig_extern_kind) export->kind;
    word->index = export->index;
    if (export->kind == WASMSIG_EXTERN_GLOBAL) report_global(module, word);
  }
}

static void report_own_memory(struct wsig_module *module,
                              const struct wsig_export *export) {
  static const char wanted[] = WASMSIG_OWN_MEMORY;
  if (export->kind != WASMSIG_EXTERN_MEMORY ||
      export->name.length != sizeof wanted - 1 ||
      memcmp(module->names.bytes + export->name.start, wanted,
             sizeof wanted - 1) != 0)
    return;
  module->report->own_memory = (wasmsig_module_own_memory){
      module->memories[export->index], export->index};
}

/* A module that exports a word has its words in memory 0. */
static void choose_memory(wasmsig_module_report *report) {
  bool has_word = false;
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    has_word |= report->words[i].is_exported;
  if (has_word || !report->own_memory.is_exported)
    report->own_memory = (wasmsig_module_own_memory){0};
}

static void report_export(struct wsig_module *module,
                          const struct wsig_export *export) {
  wasmsig_module_memory *memory = &module->report->memory;
  if (export->kind == WASMSIG_EXTERN_MEMORY && export->index == 0 &&
      !memory->is_exported) {
    memory->is_exported = true;
    copy_name(module, &memory->export_name, export->name);
  }
  if (export->name.length == 0) return;
  report_word(module, export);
  report_own_memory(module, export);
}

static uint64_t count_of(const struct wsig_module *module, uint8_t kind) {
  switch (kind) {
    case WASMSIG_EXTERN_FUNCTION: return module->function_count;
    case WASMSIG_EXTERN_TABLE: return module->table_count;
    case WASMSIG_EXTERN_MEMORY: return module->memory_count;
    case WASMSIG_EXTERN_GLOBAL: return module->global_count;
    default: return module->tag_count;
  }
}

static void read_export(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_export export = {.offset = wsig_cursor_offset(cursor)};
  export.name = read_span(module);
  uint64_t start = wsig_cursor_offset(cursor);
  export.kind = wsig_read_byte(cursor);
  if (export.kind > WASMSIG_EXTERN_TAG) {
    wsig_cursor_newer(cursor, start, "the kind of an export, 0 to 4");
    return;
  }
  export.index = wsig_read_index(module, count_of(module, export.kind),
                                 "the index of something that exists");
  if (cursor->failed) return;
  struct wsig_export *exports =
      wsig_array_grow(module->exports, module->export_count,
                      &module->export_capacity, sizeof *exports);
  if (!exports) {
    wsig_cursor_break(cursor, WASMSIG_ENOMEM);
    return;
  }
  module->exports = exports;
  exports[module->export_count++] = export;
  report_export(module, &export);
}

void wsig_read_exports(struct wsig_module *module) {
  uint32_t count = wsig_read_u32(&module->cursor);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++)
    read_export(module);
  choose_memory(module->report);
  if (!module->cursor.failed) wsig_check_export_names(module);
}

void wsig_read_start(struct wsig_module *module) {
  wsig_read_index(module, module->function_count,
                  "the index of a function that exists");
}
