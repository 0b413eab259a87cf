/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The sections of a wasm binary: their numbers, their order, and their first
 * bytes (WebAssembly 3.0, 5.5.2 Sections). All readers of sections use this:
 * the module reader, the scan of the instrumenter, and the command.
 */
#ifndef WSIG_MODULE_WASM_SECTION_H
#define WSIG_MODULE_WASM_SECTION_H

#include "cursor.h"

/** The number of a section in the binary. */
enum wsig_wasm_section_number {
  WSIG_WASM_SECTION_CUSTOM = 0,
  WSIG_WASM_SECTION_TYPE = 1,
  WSIG_WASM_SECTION_IMPORT = 2,
  WSIG_WASM_SECTION_FUNCTION = 3,
  WSIG_WASM_SECTION_TABLE = 4,
  WSIG_WASM_SECTION_MEMORY = 5,
  WSIG_WASM_SECTION_GLOBAL = 6,
  WSIG_WASM_SECTION_EXPORT = 7,
  WSIG_WASM_SECTION_START = 8,
  WSIG_WASM_SECTION_ELEMENT = 9,
  WSIG_WASM_SECTION_CODE = 10,
  WSIG_WASM_SECTION_DATA = 11,
  WSIG_WASM_SECTION_DATA_COUNT = 12,
  WSIG_WASM_SECTION_TAG = 13,
  WSIG_WASM_SECTION_COUNT = 14,
};

/** Sections come in the order of their ranks, each at most once. Custom
 * sections have rank 0 and may be anywhere. */
extern const uint8_t wsig_wasm_section_ranks[WSIG_WASM_SECTION_COUNT];

/** The first bytes of a section. Its payload, of `size` bytes, follows. */
struct wsig_wasm_section_head {
  uint64_t start; /* offset of the section's number */
  uint8_t number; /* may be unknown */
  uint32_t size;
};

static inline struct wsig_wasm_section_head wsig_read_wasm_section_head(
    struct wsig_cursor *cursor) {
  struct wsig_wasm_section_head head = {.start = wsig_cursor_offset(cursor)};
  head.number = wsig_read_byte(cursor);
  head.size = wsig_read_u32(cursor);
  return head;
}

#endif
