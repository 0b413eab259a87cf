/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Custom sections that contain positions of code. They are changed with the
 * code if their format is known, and left out otherwise. Signatures are left
 * out. All other sections stay as they are.
 */
#include "custom_sections.h"

#include "dwarf/dwarf.h"

#include <stdlib.h>
#include <string.h>

static bool begins_with(const struct wsig_wasm_section *section,
                        const char *text) {
  return section->name && section->name_length >= strlen(text) &&
         memcmp(section->name, text, strlen(text)) == 0;
}

static void leave_out(struct wsig_rewriting *rewriting, size_t number,
                      const char *why) {
  const struct wsig_wasm_section *section = &rewriting->scan->sections[number];
  wasmsig_instrumented *made = rewriting->made;
  rewriting->edits[number].is_left_out = true;
  if (made->left_out_count == WASMSIG_LEFT_OUT_MAX) {
    made->left_out_more++;
    return;
  }
  made->left_out[made->left_out_count++] =
      (wasmsig_left_out){section->name, section->name_length, why};
}

/* ------------------------------------------------------------------- hints */

/* Where each function body begins after its size, in the code's payload. */
struct starts {
  uint64_t *starts;
  uint64_t first, count; /* indices of functions */
};

static bool find_starts(struct starts *starts, const struct wsig_scan *scan) {
  const struct wsig_wasm_section *code = scan->known[WSIG_WASM_SECTION_CODE];
  struct wsig_cursor cursor = wsig_scan_cursor(scan, code->payload, code->end);
  starts->first = scan->module.imported_functions;
  starts->count = wsig_read_u32(&cursor);
  starts->starts = calloc(starts->count + 1, sizeof *starts->starts);
  if (!starts->starts) return false;
  for (uint64_t i = 0; i < starts->count && !cursor.failed; i++) {
    uint32_t size = wsig_read_u32(&cursor);
    starts->starts[i] = wsig_cursor_offset(&cursor);
    wsig_cursor_skip(&cursor, size);
  }
  return true;
}

/* A hint is an offset from the start of the body, and some bytes. */
static void move_hint(struct wsig_cursor *cursor, struct wsig_bytes *moved,
                      const struct wsig_offset_map *map, uint64_t start) {
  uint32_t offset = wsig_read_u32(cursor);
  wsig_bytes_u32(moved, wsig_offset_map_apply(map, start + offset) -
                            wsig_offset_map_apply(map, start));
  uint32_t size = wsig_read_u32(cursor);
  const uint8_t *bytes = cursor->at;
  wsig_cursor_skip(cursor, size);
  if (cursor->failed) return;
  wsig_bytes_u32(moved, size);
  wsig_bytes_append(moved, bytes, size);
}

static void move_function(struct wsig_cursor *cursor, struct wsig_bytes *moved,
                          const struct wsig_offset_map *map,
                          const struct starts *starts) {
  uint64_t index = wsig_read_u32(cursor);
  uint32_t count = wsig_read_u32(cursor);
  if (index < starts->first || index - starts->first >= starts->count)
    wsig_cursor_fail(cursor, 0, "a function");
  wsig_bytes_u32(moved, index);
  wsig_bytes_u32(moved, count);
  for (uint32_t i = 0; i < count && !cursor->failed; i++)
    move_hint(cursor, moved, map, starts->starts[index - starts->first]);
}

/* False: the format is unknown. */
static bool move_hints(struct wsig_rewriting *rewriting, size_t number,
                       const struct starts *starts) {
  const struct wsig_wasm_section *section = &rewriting->scan->sections[number];
  struct wsig_edit *edit = &rewriting->edits[number];
  struct wsig_cursor cursor =
      wsig_scan_cursor(rewriting->scan, section->contents, section->end);
  uint32_t count = wsig_read_u32(&cursor);
  wsig_bytes_u32(&edit->payload, count);
  for (uint32_t i = 0; i < count && !cursor.failed; i++)
    move_function(&cursor, &edit->payload, &rewriting->code.map, starts);
  edit->is_changed = !cursor.failed && wsig_cursor_offset(&cursor) ==
                                           section->end - section->contents;
  return edit->is_changed;
}

static int rewrite_hints(struct wsig_rewriting *rewriting, size_t number) {
  struct starts starts;
  if (!find_starts(&starts, rewriting->scan)) return WASMSIG_ENOMEM;
  if (!move_hints(rewriting, number, &starts))
    leave_out(rewriting, number,
              "it contains positions of code in an unknown format");
  free(starts.starts);
  return WASMSIG_OK;
}

/* ---------------------------------------------------------------- features */

/* The features that polls use. The second one is for polls of a memory of the
 * words' own. */
enum { FEATURES_MOST = 2 };
static const char *const features[FEATURES_MOST] = {"atomics", "multimemory"};

static unsigned feature_count(const struct wsig_rewriting *rewriting) {
  return rewriting->placement.memory > 0 ? FEATURES_MOST : 1;
}

static void put_feature(struct wsig_bytes *list, const char *name) {
  wsig_bytes_byte(list, '+');
  wsig_bytes_u32(list, strlen(name));
  wsig_bytes_append(list, name, strlen(name));
}

/* Copies one feature. For one of the first `count` above, it sets the prefix to
 * "used", and returns its bit. */
static unsigned copy_feature(struct wsig_cursor *cursor,
                             struct wsig_bytes *list, unsigned count) {
  unsigned bit = 0;
  uint8_t prefix = wsig_read_byte(cursor);
  uint32_t length = wsig_read_u32(cursor);
  const uint8_t *name = cursor->at;
  wsig_cursor_skip(cursor, length);
  if (cursor->failed) return 0;
  for (unsigned i = 0; i < count; i++)
    if (length == strlen(features[i]) && memcmp(name, features[i], length) == 0)
      bit = 1u << i;
  wsig_bytes_byte(list, bit ? '+' : prefix);
  wsig_bytes_u32(list, length);
  wsig_bytes_append(list, name, length);
  return bit;
}

/* Copies all features, and appends those that polls use and the list lacks.
 * Returns the new number of features. */
static uint64_t copy_features(struct wsig_cursor *cursor,
                              struct wsig_bytes *list, unsigned wanted) {
  uint64_t count = wsig_read_u32(cursor);
  unsigned present = 0;
  for (uint64_t i = 0; i < count && !cursor->failed; i++)
    present |= copy_feature(cursor, list, wanted);
  for (unsigned i = 0; i < wanted; i++) {
    if (present >> i & 1) continue;
    put_feature(list, features[i]);
    count++;
  }
  return count;
}

/* A list in an unknown format, or with bytes after it, stays as it is. */
static void rewrite_features(struct wsig_rewriting *rewriting, size_t number) {
  const struct wsig_wasm_section *section = &rewriting->scan->sections[number];
  struct wsig_edit *edit = &rewriting->edits[number];
  struct wsig_cursor cursor =
      wsig_scan_cursor(rewriting->scan, section->contents, section->end);
  struct wsig_bytes list = {0};
  uint64_t count = copy_features(&cursor, &list, feature_count(rewriting));
  edit->is_changed = !cursor.failed && wsig_cursor_offset(&cursor) ==
                                           section->end - section->contents;
  wsig_bytes_u32(&edit->payload, count);
  wsig_bytes_append(&edit->payload, list.data, list.length);
  edit->payload.failed |= list.failed;
  wsig_bytes_release(&list);
}

/* ------------------------------------------------------------------- DWARF */

static bool is_dwarf(const struct wsig_wasm_section *section) {
  return begins_with(section, ".debug_");
}

/* Passes the new payloads of the debug sections to their edits. */
static void take_moved(struct wsig_rewriting *rewriting,
                       struct wsig_custom *sections) {
  for (size_t i = 0; i < rewriting->scan->section_count; i++) {
    if (!is_dwarf(&rewriting->scan->sections[i])) continue;
    if (!sections->is_changed) {
      wsig_bytes_release(&sections->moved);
    } else {
      rewriting->edits[i].is_changed = true;
      rewriting->edits[i].payload = sections->moved;
    }
    sections++;
  }
}

static size_t collect(const struct wsig_scan *scan,
                      struct wsig_custom *sections) {
  size_t count = 0;
  for (size_t i = 0; i < scan->section_count; i++) {
    const struct wsig_wasm_section *section = &scan->sections[i];
    if (!is_dwarf(section)) continue;
    sections[count++] =
        (struct wsig_custom){.name = section->name,
                             .name_length = section->name_length,
                             .data = scan->bytes + section->contents,
                             .length = section->end - section->contents};
  }
  return count;
}

static int rewrite_dwarf(struct wsig_rewriting *rewriting) {
  const struct wsig_scan *scan = rewriting->scan;
  const struct wsig_wasm_section *code = scan->known[WSIG_WASM_SECTION_CODE];
  struct wsig_custom *sections =
      calloc(scan->section_count + 1, sizeof *sections);
  if (!sections) return WASMSIG_ENOMEM;
  size_t count = collect(scan, sections);
  const char *why = NULL;
  int outcome = 0;
  if (count > 0)
    outcome = wsig_dwarf_move(sections, count, &rewriting->code.map,
                              code->end - code->payload, &why);
  take_moved(rewriting, sections);
  free(sections);
  if (outcome <= 0) return outcome;
  for (size_t i = 0; i < scan->section_count; i++)
    if (is_dwarf(&scan->sections[i])) leave_out(rewriting, i, why);
  return WASMSIG_OK;
}

/* -------------------------------------------------------------------- all */

static bool is_signature(const struct wsig_wasm_section *section) {
  return wsig_wasm_section_is_named(section, "signature") ||
         wsig_wasm_section_is_named(section, "signature_delimiter");
}

/* Whether the section helps tools to find this code from outside. A build_id
 * leads to debug information in another file, for the original code. */
static bool says_where(const struct wsig_wasm_section *section) {
  return wsig_wasm_section_is_named(section, "sourceMappingURL") ||
         wsig_wasm_section_is_named(section, "external_debug_info") ||
         wsig_wasm_section_is_named(section, "build_id");
}

static int rewrite_custom(struct wsig_rewriting *rewriting, size_t number) {
  const struct wsig_wasm_section *section = &rewriting->scan->sections[number];
  if (is_signature(section))
    leave_out(rewriting, number, "it signs the original module");
  else if (wsig_wasm_section_is_named(section, "target_features"))
    rewrite_features(rewriting, number);
  else if (wsig_wasm_section_is_named(section, "name"))
    wsig_rewrite_names(rewriting, number);
  else if (says_where(section))
    leave_out(rewriting, number, "it refers to the positions of the old code");
  else if (begins_with(section, "metadata.code."))
    return rewrite_hints(rewriting, number);
  return WASMSIG_OK;
}

int wsig_rewrite_custom_sections(struct wsig_rewriting *rewriting) {
  int error = WASMSIG_OK;
  for (size_t i = 0; i < rewriting->scan->section_count && !error; i++)
    error = rewrite_custom(rewriting, i);
  return error ? error : rewrite_dwarf(rewriting);
}
