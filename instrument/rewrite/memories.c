/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The memories of the module, imported ones and its own, with the maximum that
 * was requested, an added page, or an added memory.
 *
 * Why the maximum is a limit: memory.grow fails beyond it in each engine. Of an
 * imported memory, an engine accepts only one whose own maximum is not larger.
 * An engine limits 32-bit memories to 65536 pages itself, so no maximum that
 * large is written.
 */
#include "module/instruction.h"
#include "module/type.h"
#include "rewrite/rewrite.h"

#include <inttypes.h>
#include <stdio.h>

enum { PAGE = 1 << 16 };

/* Passes the type of an import that is no memory. */
static void pass_type(struct wsig_cursor *cursor, uint8_t kind) {
  switch (kind) {
    case WASMSIG_EXTERN_TABLE:
      wsig_read_reference_type(cursor);
      wsig_read_table_limits(cursor);
      return;
    case WASMSIG_EXTERN_GLOBAL:
      wsig_read_value_type(cursor);
      wsig_read_mutability(cursor);
      return;
    case WASMSIG_EXTERN_TAG: wsig_read_byte(cursor); break;
    default: break;
  }
  wsig_read_u32(cursor);
}

/* Returns the kind of the import. */
static uint8_t pass_names(struct wsig_cursor *cursor) {
  wsig_cursor_skip(cursor, wsig_read_u32(cursor));
  wsig_cursor_skip(cursor, wsig_read_u32(cursor));
  return wsig_read_byte(cursor);
}

/* ------------------------------------------------------------------- limits */

static bool is_limited(const wasmsig_instrument_options *options,
                       const struct wsig_limits *limits) {
  uint64_t pages = options->most_memory / PAGE;
  uint64_t reach = limits->is_64_bit ? UINT64_C(1) << 48 : PAGE;
  return options->most_memory > 0 && pages < reach && pages < limits->maximum;
}

/* Writes the memory type, with the maximum, and `more` pages for the words from
 * the start, which do not count. */
static void put_memory(struct wsig_rewriting *rewriting,
                       struct wsig_bytes *payload, struct wsig_cursor *cursor,
                       uint64_t more) {
  enum { HAS_MAXIMUM = 1 };
  uint8_t flags = wsig_peek_byte(cursor);
  struct wsig_limits limits = wsig_read_memory_limits(cursor);
  if (is_limited(rewriting->options, &limits)) {
    limits.maximum = rewriting->options->most_memory / PAGE + more;
    flags |= HAS_MAXIMUM;
  }
  limits.minimum += more;
  if (limits.maximum < limits.minimum) limits.maximum = limits.minimum;
  wsig_bytes_byte(payload, flags);
  wsig_bytes_u32(payload, limits.minimum);
  if (flags & HAS_MAXIMUM) wsig_bytes_u32(payload, limits.maximum);
}

/* --------------------------------------------------------------- the check */

struct check {
  struct wsig_rewriting *rewriting;
  uint32_t memory; /* the index of the next one */
};

static int check_memory(struct check *check, struct wsig_cursor *cursor) {
  wasmsig_instrumented *made = check->rewriting->made;
  const wasmsig_instrument_options *options = check->rewriting->options;
  struct wsig_limits limits = wsig_read_memory_limits(cursor);
  uint32_t index = check->memory++;
  made->memories_limited += is_limited(options, &limits);
  if (limits.minimum <= options->most_memory / PAGE) return 0;
  snprintf(made->text, sizeof made->text,
           "memory %" PRIu32 " starts with %" PRIu64
           " pages, above the limit of %" PRIu64,
           index, limits.minimum, options->most_memory / PAGE);
  made->why = made->text;
  made->word = -1;
  return WASMSIG_INSTRUMENT_REFUSED;
}

static int check_section(struct check *check, uint8_t number) {
  const struct wsig_scan *scan = check->rewriting->scan;
  const struct wsig_wasm_section *section = scan->known[number];
  if (!section) return 0;
  struct wsig_cursor cursor =
      wsig_scan_cursor(scan, section->payload, section->end);
  uint32_t count = wsig_read_u32(&cursor);
  int error = 0;
  for (uint32_t i = 0; i < count && !error && !cursor.failed; i++) {
    uint8_t kind = WASMSIG_EXTERN_MEMORY;
    if (number == WSIG_WASM_SECTION_IMPORT) kind = pass_names(&cursor);
    if (kind == WASMSIG_EXTERN_MEMORY)
      error = check_memory(check, &cursor);
    else
      pass_type(&cursor, kind);
  }
  return error;
}

int wsig_check_memories(struct wsig_rewriting *rewriting) {
  struct check check = {rewriting, 0};
  if (rewriting->options->most_memory == 0) return 0;
  int error = check_section(&check, WSIG_WASM_SECTION_IMPORT);
  return error ? error : check_section(&check, WSIG_WASM_SECTION_MEMORY);
}

/* ------------------------------------------------------------- the sections */

static void copy_import(struct wsig_rewriting *rewriting,
                        struct wsig_bytes *payload,
                        struct wsig_cursor *cursor) {
  const uint8_t *start = cursor->at;
  uint8_t kind = pass_names(cursor);
  if (kind != WASMSIG_EXTERN_MEMORY) pass_type(cursor, kind);
  wsig_bytes_append(payload, start, (size_t)(cursor->at - start));
  if (kind == WASMSIG_EXTERN_MEMORY) put_memory(rewriting, payload, cursor, 0);
}

static void rewrite_imports(struct wsig_rewriting *rewriting) {
  const struct wsig_scan *scan = rewriting->scan;
  if (rewriting->made->memories_limited == 0 ||
      !scan->known[WSIG_WASM_SECTION_IMPORT] ||
      !scan->report.memory.is_imported)
    return;
  struct wsig_bytes *payload =
      wsig_change_section(rewriting, WSIG_WASM_SECTION_IMPORT);
  struct wsig_cursor cursor =
      wsig_begin_items(rewriting, WSIG_WASM_SECTION_IMPORT, 0, payload);
  while (cursor.at < cursor.end && !cursor.failed)
    copy_import(rewriting, payload, &cursor);
}

static void rewrite_own(struct wsig_rewriting *rewriting) {
  wasmsig_word_placement kind = rewriting->placement.kind;
  bool adds = kind == WASMSIG_WORDS_MEMORY, longer = kind == WASMSIG_WORDS_PAGE;
  bool is_limited = rewriting->made->memories_limited > 0 &&
                    rewriting->scan->known[WSIG_WASM_SECTION_MEMORY];
  if (!adds && !longer && !is_limited) return;
  struct wsig_bytes *payload =
      wsig_change_section(rewriting, WSIG_WASM_SECTION_MEMORY);
  struct wsig_cursor cursor =
      wsig_begin_items(rewriting, WSIG_WASM_SECTION_MEMORY, adds, payload);
  for (bool is_first = true; cursor.at < cursor.end && !cursor.failed;
       is_first = false)
    put_memory(rewriting, payload, &cursor, longer && is_first);
  if (adds) wsig_bytes_append(payload, "\1\1\1", 3); /* exactly one page */
}

void wsig_rewrite_memories(struct wsig_rewriting *rewriting) {
  rewrite_imports(rewriting);
  rewrite_own(rewriting);
}
