/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Rewriting: what becomes of each section, and the module made of that. */
#ifndef WSIG_INSTRUMENT_REWRITE_H
#define WSIG_INSTRUMENT_REWRITE_H

#include "analysis/scan.h"
#include "analysis/word_placement.h"
#include "rewrite/code.h"
#include "wasmsig/instrument.h"

/** One for each section of the scan. */
struct wsig_edit {
  bool is_left_out;
  bool is_changed;           /* its payload is `payload` */
  struct wsig_bytes payload; /* of a custom one: behind the name */
};

struct wsig_rewriting {
  const struct wsig_scan *scan;
  const wasmsig_instrument_options *options;
  wasmsig_instrumented *made;
  struct wsig_bytes module; /* the new one */
  struct wsig_word_placement placement;
  struct wsig_plan plan;
  struct wsig_code code;
  struct wsig_edit *edits;
  struct wsig_bytes
      added[WSIG_WASM_SECTION_COUNT]; /* sections that are missing */
  bool is_added[WSIG_WASM_SECTION_COUNT];
};

/** Memory, globals and exports: makes room, and the words. */
void wsig_rewrite_declarations(struct wsig_rewriting *rewriting);
/** The section "name" of this number. */
void wsig_rewrite_names(struct wsig_rewriting *rewriting, size_t number);
/** Puts all sections together. */
void wsig_rewrite_module(struct wsig_rewriting *rewriting);

/** An address of memory 0, as a constant on the stack. */
void wsig_emit_address(struct wsig_bytes *bytes, const struct wsig_scan *scan,
                       uint64_t address);
/** Whether the word is one that is added. */
bool wsig_adds_word(const struct wsig_rewriting *rewriting, int word);
/** The index of the first global that is appended behind the words. */
uint32_t wsig_next_global(const struct wsig_rewriting *rewriting);

#endif
