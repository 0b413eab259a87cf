/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The changes to each section, and the new module made from them. */
#ifndef WSIG_INSTRUMENT_REWRITE_H
#define WSIG_INSTRUMENT_REWRITE_H

#include "analysis/scan.h"
#include "analysis/word_placement.h"
#include "rewrite/code.h"
#include "wasmsig/instrument.h"

/** One for each section of the scan. */
struct wsig_edit {
  bool is_left_out;
  bool is_changed;           /* `payload` is its new payload */
  struct wsig_bytes payload; /* for a custom section: after the name */
};

struct wsig_rewriting {
  const struct wsig_scan *scan;
  const wasmsig_instrument_options *options;
  wasmsig_instrumented *made;
  struct wsig_bytes module; /* the new module */
  struct wsig_word_placement placement;
  struct wsig_plan plan;
  struct wsig_code code;
  struct wsig_edit *edits;
  struct wsig_bytes
      added[WSIG_WASM_SECTION_COUNT]; /* sections that the module lacked */
  bool is_added[WSIG_WASM_SECTION_COUNT];
};

/** Globals and exports: adds the words. */
void wsig_rewrite_declarations(struct wsig_rewriting *rewriting);
/** Counts the memories that `most_memory` limits. WASMSIG_INSTRUMENT_REFUSED:
 * one is larger from the start. */
int wsig_check_memories(struct wsig_rewriting *rewriting);
/** The sections of imports and memories: maxima, an added page or memory. */
void wsig_rewrite_memories(struct wsig_rewriting *rewriting);
/** The new payload of the section, empty; the section is added if the module
 * lacks it. */
struct wsig_bytes *wsig_change_section(struct wsig_rewriting *rewriting,
                                       uint8_t number);
/** A cursor at the first item of the section. Writes the number of items, with
 * `more` new ones. */
struct wsig_cursor wsig_begin_items(const struct wsig_rewriting *rewriting,
                                    uint8_t number, uint32_t more,
                                    struct wsig_bytes *payload);
/** Copies all bytes that the cursor has left. */
void wsig_copy_rest(struct wsig_bytes *payload,
                    const struct wsig_cursor *cursor);
/** Rewrites the section "name", which has this number. */
void wsig_rewrite_names(struct wsig_rewriting *rewriting, size_t number);
/** Writes the new module. */
void wsig_rewrite_module(struct wsig_rewriting *rewriting);

/** Pushes an address of memory 0 as a constant. */
void wsig_emit_address(struct wsig_bytes *bytes, const struct wsig_scan *scan,
                       uint64_t address);
/** Whether the word is added to the module. */
bool wsig_adds_word(const struct wsig_rewriting *rewriting, int word);
/** How many exports are added. */
uint32_t wsig_added_exports(const struct wsig_rewriting *rewriting);
/** The index of the first global that follows the added words. */
uint32_t wsig_next_global(const struct wsig_rewriting *rewriting);

#endif
