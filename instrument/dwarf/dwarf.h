/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * DWARF: moves the code addresses in a module's debug sections to where the
 * code stands after polls were put in.
 *
 * For DWARF 2 to 5, 32-bit and 64-bit format, as LLVM writes it for wasm: an
 * address is an offset into the code section's payload (tool-conventions,
 * Dwarf.md), and each code address `a` becomes wsig_offset_map_apply(a). All
 * else, data addresses too, stays as it is.
 */
#ifndef WSIG_INSTRUMENT_DWARF_H
#define WSIG_INSTRUMENT_DWARF_H

#include "rewrite/bytes.h"
#include "rewrite/offset_map.h"

/** A custom section. `moved` starts as all zeros. */
struct wsig_custom {
  const char *name; /* need not end with a NUL */
  size_t name_length;
  const uint8_t *data; /* what follows the name */
  size_t length;
  struct wsig_bytes moved; /* the new payload; the caller releases it */
  bool is_changed;
};

/**
 * Moves the addresses in all sections named .debug_* together; others may be
 * among them. `code_length` is the old length of the code section's payload.
 *
 * Returns:   0: done; the changed ones have is_changed and `moved`.
 *            1: they hold what it cannot follow; *why, which lives as long as
 *            the program, says what. No section is changed: leave them out.
 * Errors:    WASMSIG_ENOMEM. No section is changed.
 */
int wsig_dwarf_move(struct wsig_custom *sections, size_t count,
                    const struct wsig_offset_map *map, uint64_t code_length,
                    const char **why);

#endif
