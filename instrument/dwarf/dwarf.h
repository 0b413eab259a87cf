/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * DWARF: changes the code addresses in a module's debug sections after polls
 * were inserted into the code.
 *
 * It handles DWARF 2 to 5, in the 32-bit and 64-bit formats, as LLVM writes it
 * for wasm. An address is an offset into the payload of the code section
 * (tool-conventions, Dwarf.md). Each code address `a` becomes
 * wsig_offset_map_apply(a). Everything else, including addresses of data, stays
 * unchanged.
 */
#ifndef WSIG_INSTRUMENT_DWARF_H
#define WSIG_INSTRUMENT_DWARF_H

#include "rewrite/bytes.h"
#include "rewrite/offset_map.h"

/** A custom section. `moved` must be zeroed. */
struct wsig_custom {
  const char *name; /* need not end with a NUL */
  size_t name_length;
  const uint8_t *data; /* the bytes after the name */
  size_t length;
  struct wsig_bytes moved; /* the new payload; the caller releases it */
  bool is_changed;
};

/**
 * Changes the addresses in all sections with names .debug_*. `sections` may
 * contain other sections. `code_length` is the old length of the code section's
 * payload.
 *
 * Returns:   0: success. The changed sections have is_changed and `moved`.
 *            1: something in them is not supported, and `*why` says what (valid
 *            for the life of the program). No section is changed: leave them
 *            all out.
 * Errors:    WASMSIG_ENOMEM. No section is changed.
 */
int wsig_dwarf_move(struct wsig_custom *sections, size_t count,
                    const struct wsig_offset_map *map, uint64_t code_length,
                    const char **why);

#endif
