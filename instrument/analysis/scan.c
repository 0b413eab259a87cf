/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/scan.h"

#include "module/header.h"

#include <stdlib.h>
#include <string.h>

struct wsig_cursor wsig_scan_cursor(const struct wsig_scan *scan, size_t start,
                                    size_t end) {
  struct wsig_cursor cursor;
  wsig_cursor_open_bytes(&cursor, scan->bytes + start, end - start);
  return cursor;
}

/* Makes space for one more item. Without memory it breaks the cursor. */
static bool grow(struct wsig_cursor *cursor, void **items, size_t count,
                 size_t *capacity, size_t size) {
  void *grown = wsig_array_grow(*items, count, capacity, size);
  if (grown)
    *items = grown;
  else
    wsig_cursor_break(cursor, WASMSIG_ENOMEM);
  return grown != NULL;
}

/* --------------------------------------------------------------- sections */

static void read_custom_name(struct wsig_scan *scan,
                             struct wsig_wasm_section *section) {
  struct wsig_cursor cursor =
      wsig_scan_cursor(scan, section->payload, section->end);
  size_t length = wsig_read_u32(&cursor);
  size_t name = section->payload + (size_t)wsig_cursor_offset(&cursor);
  wsig_cursor_skip(&cursor, length);
  if (cursor.failed) return;
  section->name = (const char *)scan->bytes + name;
  section->name_length = length;
  section->contents = name + length;
}

static void read_sections(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  wsig_cursor_skip(cursor, 8);
  while (!cursor->failed && wsig_cursor_offset(cursor) < scan->length) {
    struct wsig_wasm_section_head head = wsig_read_wasm_section_head(cursor);
    struct wsig_wasm_section section = {.number = head.number,
                                        .start = (size_t)head.start};
    section.payload = section.contents = (size_t)wsig_cursor_offset(cursor);
    wsig_cursor_skip(cursor, head.size);
    section.end = (size_t)wsig_cursor_offset(cursor);
    if (cursor->failed) return;
    if (section.number == WSIG_WASM_SECTION_CUSTOM)
      read_custom_name(scan, &section);
    if (!grow(cursor, (void **)&scan->sections, scan->section_count,
              &scan->section_capacity, sizeof section))
      return;
    scan->sections[scan->section_count++] = section;
  }
}

/* Called after the last append, because appending moves the array. */
static void note_known(struct wsig_scan *scan) {
  for (size_t i = 0; i < scan->section_count; i++) {
    const struct wsig_wasm_section *section = &scan->sections[i];
    if (section->number > 0 && section->number < WSIG_WASM_SECTION_COUNT)
      scan->known[section->number] = section;
  }
}

/* ------------------------------------------------------------------ types */

static void add_signature(struct wsig_scan *scan, struct wsig_cursor *cursor,
                          struct wsig_signature signature) {
  if (grow(cursor, (void **)&scan->signatures, scan->signature_count,
           &scan->signature_capacity, sizeof signature))
    scan->signatures[scan->signature_count++] = signature;
}

bool wsig_type_is_reference(uint8_t code) {
  return code < 0x7b; /* the codes above are numbers and v128 */
}

/* Reads the types of parameters or results. `is_exact`: each is one byte, and
 * their count is one byte as well. */
static uint32_t read_value_types(struct wsig_cursor *cursor,
                                 struct wsig_signature *signature,
                                 bool *is_exact) {
  const uint8_t *start = cursor->at;
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    if (wsig_type_is_reference(wsig_read_value_type(cursor).code))
      signature->has_references = true;
  if (count >= 0x80 || (uint64_t)(cursor->at - start) != (uint64_t)count + 1)
    *is_exact = false;
  return count;
}

static void read_field(struct wsig_cursor *cursor) {
  wsig_read_storage_type(cursor);
  wsig_read_mutability(cursor);
}

/* `is_alone`: in no recursion group, and without declared supertypes. */
static struct wsig_signature read_signature(struct wsig_cursor *cursor,
                                            bool is_alone) {
  struct wsig_signature signature = {.bytes = cursor->at};
  bool is_exact = is_alone;
  signature.parameters = read_value_types(cursor, &signature, &is_exact);
  uint32_t results = read_value_types(cursor, &signature, &is_exact);
  signature.is_plain = signature.parameters == 0 && results == 0;
  signature.length = (size_t)(cursor->at - signature.bytes);
  if (!is_exact) signature.bytes = NULL;
  return signature;
}

static void read_composite(struct wsig_scan *scan, struct wsig_cursor *cursor,
                           uint8_t code, bool is_alone) {
  struct wsig_signature signature = {0};
  if (code == 0x60) {
    signature = read_signature(cursor, is_alone);
  } else if (code == 0x5e) {
    read_field(cursor);
  } else {
    uint32_t count = wsig_read_u32(cursor);
    for (uint32_t i = 0; i < count && !cursor->failed; i++) read_field(cursor);
  }
  add_signature(scan, cursor, signature);
}

static void read_subtype(struct wsig_scan *scan, struct wsig_cursor *cursor,
                         uint8_t code, bool is_alone) {
  if (code == 0x50 || code == 0x4f) {
    uint32_t count = wsig_read_u32(cursor);
    for (uint32_t i = 0; i < count && !cursor->failed; i++)
      wsig_read_u32(cursor);
    code = wsig_read_byte(cursor);
    is_alone = false;
  }
  read_composite(scan, cursor, code, is_alone);
}

static void read_types(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  uint32_t groups = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < groups && !cursor->failed; i++) {
    uint8_t code = wsig_read_byte(cursor);
    uint32_t count = 1;
    bool is_group = code == 0x4e;
    if (is_group) count = wsig_read_u32(cursor);
    for (uint32_t j = 0; j < count && !cursor->failed; j++)
      read_subtype(scan, cursor, is_group ? wsig_read_byte(cursor) : code,
                   !is_group);
  }
}

/* -------------------------------------------------------------- functions */

static void add_function(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  uint32_t type = wsig_read_u32(cursor);
  if (grow(cursor, (void **)&scan->functions, scan->function_count,
           &scan->function_capacity, sizeof type))
    scan->functions[scan->function_count++] = type;
}

static void read_import(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  wsig_cursor_skip(cursor, wsig_read_u32(cursor));
  wsig_cursor_skip(cursor, wsig_read_u32(cursor));
  switch (wsig_read_byte(cursor)) {
    case WASMSIG_EXTERN_FUNCTION: add_function(scan, cursor); break;
    case WASMSIG_EXTERN_TABLE:
      wsig_read_reference_type(cursor);
      wsig_read_table_limits(cursor);
      scan->imports_references = true;
      break;
    case WASMSIG_EXTERN_MEMORY: wsig_read_memory_limits(cursor); break;
    case WASMSIG_EXTERN_GLOBAL:
      if (wsig_type_is_reference(wsig_read_value_type(cursor).code))
        scan->imports_references = true;
      wsig_read_mutability(cursor);
      scan->imported_globals++;
      break;
    default: /* a tag */
      wsig_read_byte(cursor);
      wsig_read_u32(cursor);
      scan->imports_references = true;
  }
}

static void read_imports(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    read_import(scan, cursor);
}

static void read_functions(struct wsig_scan *scan, struct wsig_cursor *cursor) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    add_function(scan, cursor);
}

/* -------------------------------------------------------------------- all */

/* 0, or the cursor's error. */
static int outcome(const struct wsig_cursor *cursor, const char **why) {
  if (!cursor->failed) return WASMSIG_OK;
  *why = "it breaks the rules of the binary format";
  return cursor->error ? cursor->error : 1;
}

static int read_known(struct wsig_scan *scan, uint8_t number,
                      void (*read)(struct wsig_scan *, struct wsig_cursor *),
                      const char **why) {
  const struct wsig_wasm_section *section = scan->known[number];
  if (!section) return WASMSIG_OK;
  struct wsig_cursor cursor =
      wsig_scan_cursor(scan, section->payload, section->end);
  read(scan, &cursor);
  return outcome(&cursor, why);
}

/* The module reader reads the globals and exports. */
static int read_declarations(struct wsig_scan *scan, const char **why) {
  static wasmsig_module_report empty = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_report aside = empty;
  struct wsig_module *module = &scan->module;
  wsig_cursor_open_bytes(&module->cursor, scan->bytes, scan->length);
  module->report = &aside;
  if (wsig_read_header(&module->cursor)) wsig_read_sections(module);
  wasmsig_module_report_release(&aside);
  module->report = NULL;
  return outcome(&module->cursor, why);
}

static int inspect(struct wsig_scan *scan, const char **why) {
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  scan->report = (wasmsig_module_report)WASMSIG_MODULE_REPORT_INIT;
  int error = wasmsig_module_inspect(scan->bytes, scan->length, &options,
                                     &scan->report);
  if (error || wasmsig_verdict_is_readable(scan->report.verdict)) return error;
  *why = wasmsig_verdict_text(scan->report.verdict);
  return 1;
}

int wsig_scan(struct wsig_scan *scan, const uint8_t *bytes, size_t length,
              const char **why) {
  *scan = (struct wsig_scan){.bytes = bytes, .length = length};
  int error = inspect(scan, why);
  if (!error) error = read_declarations(scan, why);
  if (error) return error;
  struct wsig_cursor cursor = wsig_scan_cursor(scan, 0, length);
  read_sections(scan, &cursor);
  error = outcome(&cursor, why);
  note_known(scan);
  if (!error) error = read_known(scan, WSIG_WASM_SECTION_TYPE, read_types, why);
  if (!error)
    error = read_known(scan, WSIG_WASM_SECTION_IMPORT, read_imports, why);
  if (!error)
    error = read_known(scan, WSIG_WASM_SECTION_FUNCTION, read_functions, why);
  return error;
}

void wsig_scan_release(struct wsig_scan *scan) {
  wasmsig_module_report_release(&scan->report);
  free(scan->module.types);
  free(scan->module.functions);
  free(scan->module.memories);
  free(scan->module.globals);
  free(scan->module.imports);
  free(scan->module.exports);
  free(scan->module.blocks);
  wsig_text_release(&scan->module.names);
  free(scan->sections);
  free(scan->signatures);
  free(scan->functions);
}

/* ---------------------------------------------------------------- look-up */

static bool is_text(const char *bytes, size_t length, const char *text) {
  return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

/* As the exports are sorted: by length, then by bytes (export_names.c). */
static int compare(const struct wsig_module *module, const char *name,
                   size_t length, const struct wsig_export *export) {
  if (length != export->name.length)
    return length < export->name.length ? -1 : 1;
  return length == 0
             ? 0
             : memcmp(name, module->names.bytes + export->name.start, length);
}

const struct wsig_export *wsig_scan_export(const struct wsig_scan *scan,
                                           const char *name) {
  const struct wsig_module *module = &scan->module;
  size_t length = strlen(name), low = 0, high = module->export_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(module, name, length, &module->exports[middle]);
    if (order == 0) return &module->exports[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

bool wsig_wasm_section_is_named(const struct wsig_wasm_section *section,
                                const char *name) {
  return section->name && is_text(section->name, section->name_length, name);
}
