/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds the loops that store to a memory in each turn, whichever path a turn
 * takes, and the loops that never repeat. For one body after the other:
 *
 *     wsig_store_paths_begin(&paths, scan, memory);
 *     for each instruction
 *       if (wsig_store_paths_see(&paths, &instruction))
 *         ... paths.loop_repeats, paths.loop_stores: of the loop that ends here
 */
#ifndef WSIG_INSTRUMENT_STORE_PATHS_H
#define WSIG_INSTRUMENT_STORE_PATHS_H

#include "analysis/scan.h"
#include "module/instruction.h"

struct wsig_path_block;

/** Zeroed, it is empty. It may be used again. */
struct wsig_store_paths {
  const struct wsig_scan *scan;
  uint32_t memory;
  struct wsig_path_block *blocks; /* the open ones */
  size_t count, capacity;
  uint32_t loops;   /* the open ones */
  uint32_t storing; /* of these, how many, from outside, have seen a store */
  bool loop_repeats, loop_stores; /* of the loop that ended last */
  bool failed;                    /* out of memory */
};

void wsig_store_paths_begin(struct wsig_store_paths *paths,
                            const struct wsig_scan *scan, uint32_t memory);
/** Whether the instruction is the end of a loop. */
bool wsig_store_paths_see(struct wsig_store_paths *paths,
                          const struct wsig_instruction *instruction);
void wsig_store_paths_release(struct wsig_store_paths *paths);

#endif
