/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The sections of globals and exports, with the new items at their end;
 * memories.c has those of memories. If the module does not have the section, it
 * is added.
 */
#include "analysis/body.h"
#include "rewrite/rewrite.h"

#include <stdio.h>
#include <string.h>

static bool is_64_bit(const struct wsig_rewriting *rewriting) {
  return rewriting->scan->report.memory.count > 0 &&
         rewriting->scan->report.memory.is_64_bit;
}

struct wsig_bytes *wsig_change_section(struct wsig_rewriting *rewriting,
                                       uint8_t number) {
  const struct wsig_wasm_section *section = rewriting->scan->known[number];
  if (!section) {
    rewriting->is_added[number] = true;
    return &rewriting->added[number];
  }
  struct wsig_edit *edit =
      &rewriting->edits[section - rewriting->scan->sections];
  edit->is_changed = true;
  return &edit->payload;
}

struct wsig_cursor wsig_begin_items(const struct wsig_rewriting *rewriting,
                                    uint8_t number, uint32_t more,
                                    struct wsig_bytes *payload) {
  const struct wsig_wasm_section *section = rewriting->scan->known[number];
  struct wsig_cursor cursor;
  wsig_cursor_open_bytes(&cursor, NULL, 0);
  uint32_t count = 0;
  if (section) {
    cursor = wsig_scan_cursor(rewriting->scan, section->payload, section->end);
    count = wsig_read_u32(&cursor);
  }
  wsig_bytes_u32(payload, (uint64_t)count + more);
  return cursor;
}

void wsig_copy_rest(struct wsig_bytes *payload,
                    const struct wsig_cursor *cursor) {
  wsig_bytes_append(payload, cursor->at, (size_t)(cursor->end - cursor->at));
}

/* ----------------------------------------------------------------- globals */

/* A module that gets words handles no signals, so its handled set is always 0.
 */
bool wsig_adds_word(const struct wsig_rewriting *rewriting, int word) {
  return rewriting->placement.kind != WASMSIG_WORDS_OWN &&
         rewriting->placement.memory == 0 &&
         !rewriting->scan->report.words[word].is_exported;
}

static uint32_t words_before(const struct wsig_rewriting *rewriting, int word) {
  uint32_t count = 0;
  for (int i = 0; i < word; i++) count += wsig_adds_word(rewriting, i);
  return count;
}

static uint32_t global_of(const struct wsig_rewriting *rewriting, int word) {
  return (uint32_t)rewriting->scan->module.global_count +
         words_before(rewriting, word);
}

uint32_t wsig_next_global(const struct wsig_rewriting *rewriting) {
  return global_of(rewriting, WASMSIG_WORD_COUNT);
}

/* Writes the initial value of a global. */
static void put_address(const struct wsig_rewriting *rewriting,
                        struct wsig_bytes *payload, uint64_t address) {
  wsig_emit_address(payload, rewriting->scan, address);
  wsig_bytes_byte(payload, WSIG_OP_END);
}

static void put_words(struct wsig_rewriting *rewriting,
                      struct wsig_bytes *payload) {
  static const uint8_t sites[WASMSIG_WORD_COUNT] = {0, 4, 8, 16};
  bool is_wide = is_64_bit(rewriting);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    if (!wsig_adds_word(rewriting, i)) continue;
    wsig_bytes_byte(payload, is_wide ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
    wsig_bytes_byte(payload, 0); /* immutable */
    put_address(rewriting, payload, rewriting->placement.address + sites[i]);
  }
}

static void rewrite_globals(struct wsig_rewriting *rewriting) {
  uint32_t more = words_before(rewriting, WASMSIG_WORD_COUNT);
  if (more == 0) return;
  struct wsig_bytes *payload =
      wsig_change_section(rewriting, WSIG_WASM_SECTION_GLOBAL);
  struct wsig_cursor cursor =
      wsig_begin_items(rewriting, WSIG_WASM_SECTION_GLOBAL, more, payload);
  wsig_copy_rest(payload, &cursor);
  put_words(rewriting, payload);
}

/* ----------------------------------------------------------------- exports */

static void put_export(struct wsig_bytes *payload, const char *name,
                       uint8_t kind, uint32_t index) {
  wsig_bytes_u32(payload, strlen(name));
  wsig_bytes_append(payload, name, strlen(name));
  wsig_bytes_byte(payload, kind);
  wsig_bytes_u32(payload, index);
}

/* With a name that no export has: "memory", "memory_1"... */
static void put_memory(struct wsig_rewriting *rewriting,
                       struct wsig_bytes *payload) {
  char name[32] = "memory";
  for (unsigned i = 1; wsig_scan_export(rewriting->scan, name); i++)
    snprintf(name, sizeof name, "memory_%u", i);
  put_export(payload, name, WASMSIG_EXTERN_MEMORY, 0);
}

/* Whether the words are in a memory that no host finds yet. */
static bool hides_memory(const struct wsig_rewriting *rewriting) {
  const wasmsig_module_memory *memory = &rewriting->scan->report.memory;
  return rewriting->placement.memory > 0 ||
         (!memory->is_exported && !memory->is_imported);
}

uint32_t wsig_added_exports(const struct wsig_rewriting *rewriting) {
  return words_before(rewriting, WASMSIG_WORD_COUNT) + hides_memory(rewriting);
}

static void rewrite_exports(struct wsig_rewriting *rewriting) {
  uint32_t own = rewriting->placement.memory;
  bool hides = hides_memory(rewriting);
  uint32_t more = wsig_added_exports(rewriting);
  if (more == 0) return;
  struct wsig_bytes *payload =
      wsig_change_section(rewriting, WSIG_WASM_SECTION_EXPORT);
  struct wsig_cursor cursor =
      wsig_begin_items(rewriting, WSIG_WASM_SECTION_EXPORT, more, payload);
  wsig_copy_rest(payload, &cursor);
  if (own > 0)
    put_export(payload, WASMSIG_OWN_MEMORY, WASMSIG_EXTERN_MEMORY, own);
  else if (hides)
    put_memory(rewriting, payload);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    if (wsig_adds_word(rewriting, i))
      put_export(payload, wasmsig_word_name(i), WASMSIG_EXTERN_GLOBAL,
                 global_of(rewriting, i));
}

void wsig_rewrite_declarations(struct wsig_rewriting *rewriting) {
  rewrite_globals(rewriting);
  rewrite_exports(rewriting);
}
