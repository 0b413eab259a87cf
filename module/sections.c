/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections: their order, and that each ends where it says. Each is read behind
 * a limit, so that none can read into the next.
 */
#include "reader.h"

struct section {
  void (*read)(struct wsig_module *module);
  uint8_t rank; /* sections come in this order, each at most once */
};

/* By number. */
static const struct section sections[] = {
    [1] = {wsig_read_types, 1},     [2] = {wsig_read_imports, 2},
    [3] = {wsig_read_functions, 3}, [4] = {wsig_read_tables, 4},
    [5] = {wsig_read_memories, 5},  [6] = {wsig_read_globals, 7},
    [7] = {wsig_read_exports, 8},   [8] = {wsig_read_start, 9},
    [9] = {wsig_read_elements, 10}, [10] = {wsig_read_code, 12},
    [11] = {wsig_read_data, 13},    [12] = {wsig_read_data_count, 11},
    [13] = {wsig_read_tags, 6},
};

static bool is_name_section(const struct wsig_text *name) {
  return name->length == 4 && name->bytes[0] == 'n' && name->bytes[1] == 'a' &&
         name->bytes[2] == 'm' && name->bytes[3] == 'e';
}

/* What is wrong in a custom section, behind its name, does not matter. */
static void read_custom(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_text name = {0};
  bool wants_names = module->report->polls.functions_count > 0;
  wsig_read_name(cursor, wants_names ? &name : NULL);
  if (!cursor->failed && is_name_section(&name)) {
    wsig_read_function_names(module);
    wsig_cursor_forgive(cursor);
  }
  wsig_text_release(&name);
  wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
}

static void read_known(struct wsig_module *module, uint8_t number,
                       uint64_t start) {
  struct wsig_cursor *cursor = &module->cursor;
  const struct section *section = &sections[number];
  if (section->rank <= module->rank) {
    wsig_cursor_fail(cursor, start,
                     section->rank == module->rank
                         ? "no section of this kind again"
                         : "a section in its order");
    return;
  }
  module->rank = section->rank;
  section->read(module);
  wsig_cursor_expect_limit(cursor,
                           "the end of the section, whose size says otherwise");
}

/* It is newer if it is a section at all: one that ends within the file. */
static void pass_unknown(struct wsig_cursor *cursor, uint64_t start) {
  wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
  wsig_cursor_newer(cursor, start, "a section of a known kind, 0 to 13");
}

static void read_section(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t number = wsig_read_byte(cursor);
  uint32_t size = wsig_read_u32(cursor);
  struct wsig_limit before = wsig_cursor_narrow(
      cursor, size, "more of the section, whose size says that it ends");
  if (cursor->failed) return;
  if (number == 0)
    read_custom(module);
  else if (number >= sizeof sections / sizeof *sections)
    pass_unknown(cursor, start);
  else
    read_known(module, number, start);
  wsig_cursor_widen(cursor, before);
}

/* What must be there if another section is. */
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
