/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections: checks their order, and that each ends where its size says. Each is
 * read within a limit, so that no reader continues into the next section.
 */
#include "reader.h"
#include "wasm_section.h"

#include <string.h>

const uint8_t wsig_wasm_section_ranks[WSIG_WASM_SECTION_COUNT] = {
    [WSIG_WASM_SECTION_TYPE] = 1,        [WSIG_WASM_SECTION_IMPORT] = 2,
    [WSIG_WASM_SECTION_FUNCTION] = 3,    [WSIG_WASM_SECTION_TABLE] = 4,
    [WSIG_WASM_SECTION_MEMORY] = 5,      [WSIG_WASM_SECTION_TAG] = 6,
    [WSIG_WASM_SECTION_GLOBAL] = 7,      [WSIG_WASM_SECTION_EXPORT] = 8,
    [WSIG_WASM_SECTION_START] = 9,       [WSIG_WASM_SECTION_ELEMENT] = 10,
    [WSIG_WASM_SECTION_DATA_COUNT] = 11, [WSIG_WASM_SECTION_CODE] = 12,
    [WSIG_WASM_SECTION_DATA] = 13,
};

typedef void section_reader(struct wsig_module *module);

static section_reader *const readers[WSIG_WASM_SECTION_COUNT] = {
    [WSIG_WASM_SECTION_TYPE] = wsig_read_types,
    [WSIG_WASM_SECTION_IMPORT] = wsig_read_imports,
    [WSIG_WASM_SECTION_FUNCTION] = wsig_read_functions,
    [WSIG_WASM_SECTION_TABLE] = wsig_read_tables,
    [WSIG_WASM_SECTION_MEMORY] = wsig_read_memories,
    [WSIG_WASM_SECTION_GLOBAL] = wsig_read_globals,
    [WSIG_WASM_SECTION_EXPORT] = wsig_read_exports,
    [WSIG_WASM_SECTION_START] = wsig_read_start,
    [WSIG_WASM_SECTION_ELEMENT] = wsig_read_elements,
    [WSIG_WASM_SECTION_CODE] = wsig_read_code,
    [WSIG_WASM_SECTION_DATA] = wsig_read_data,
    [WSIG_WASM_SECTION_DATA_COUNT] = wsig_read_data_count,
    [WSIG_WASM_SECTION_TAG] = wsig_read_tags,
};

static bool is_named(const struct wsig_text *name, const char *wanted) {
  return name->length == strlen(wanted) &&
         memcmp(name->bytes, wanted, name->length) == 0;
}

/* Faults in the contents of a custom section, after its name, are ignored. */
static void read_custom(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_text name = {0};
  bool wants_names = module->report->polls.functions_count > 0;
  wsig_read_name(cursor, &name);
  if (!cursor->failed && is_named(&name, "wasmsig.instrument"))
    module->report->is_instrumented = true;
  if (!cursor->failed && wants_names && is_named(&name, "name")) {
    wsig_read_function_names(module);
    wsig_cursor_forgive(cursor);
  }
  wsig_text_release(&name);
  wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
}

static void read_known(struct wsig_module *module,
                       struct wsig_wasm_section_head head) {
  struct wsig_cursor *cursor = &module->cursor;
  uint8_t rank = wsig_wasm_section_ranks[head.number];
  if (rank <= module->rank) {
    wsig_cursor_fail(cursor, head.start,
                     rank == module->rank ? "no section of this kind again"
                                          : "a section in its order");
    return;
  }
  module->rank = rank;
  readers[head.number](module);
  wsig_cursor_expect_limit(cursor,
                           "the end of the section where its size puts it");
}

/* A section with an unknown number belongs to a newer format if it ends within
 * the file. Otherwise it is malformed. */
static void pass_unknown(struct wsig_cursor *cursor, uint64_t start) {
  wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
  wsig_cursor_newer(cursor, start, "a section of a known kind, 0 to 13");
}

static void read_section(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_wasm_section_head head = wsig_read_wasm_section_head(cursor);
  struct wsig_limit before = wsig_cursor_narrow(
      cursor, head.size, "more of the section than its size allows");
  if (cursor->failed) return;
  if (head.number == WSIG_WASM_SECTION_CUSTOM)
    read_custom(module);
  else if (head.number >= WSIG_WASM_SECTION_COUNT)
    pass_unknown(cursor, head.start);
  else
    read_known(module, head);
  wsig_cursor_widen(cursor, before);
}

/* Reports a section that is absent although another one requires it. */
static void check_absent(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t end = wsig_cursor_offset(cursor);
  if (!module->has_code && module->function_count > module->imported_functions)
    wsig_cursor_fail(cursor, end, "a code section: there are functions");
  if (!module->has_data && module->has_data_count && module->data_count > 0)
    wsig_cursor_fail(cursor, end, "a data section: there is a data count");
}

void wsig_read_sections(struct wsig_module *module) {
  while (!module->cursor.failed && !wsig_cursor_at_end(&module->cursor))
    read_section(module);
  if (!module->cursor.failed) check_absent(module);
}
