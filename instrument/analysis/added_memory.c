/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Words in an added memory: one page, which cannot grow. Why no program can
 * notice it, nor access it:
 *
 * 1. It is the last memory, and its export is the last export. So each index of
 *    the module means what it meant.
 * 2. Each instruction and each data segment that accesses a memory names it.
 * The module names only memories that it has, so none names this one: not its
 *    size either. Only the polls do.
 * 3. A host that does not know the export has no other way to the memory. A
 * host that enumerates exports sees one more name, at the end.
 * 4. It never moves, because its minimum is its maximum.
 *
 * A module without memory gets memory 0 like this. It exports the words in the
 * usual way, so that every host finds them. Otherwise the memory is a memory of
 * the words' own (docs/explanation/protocol.md), for which the module must
 * export no word: all words of a module are in one memory.
 *
 * Engines must support several memories, and they reserve address space for
 * each. docs/how-to/instrument-modules.md has the figures.
 */
#include "analysis/added_memory.h"

#include <inttypes.h>

/* A word that the module exports; -1: it exports none. */
static int exported_word(const struct wsig_scan *scan) {
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    if (scan->report.words[i].is_exported) return i;
  return -1;
}

int wsig_added_memory_find(struct wsig_word_placement *placement,
                           const struct wsig_scan *scan, char *reason) {
  enum { MEMORIES_MOST = 100 }; /* the JavaScript API, 8 Limits */
  uint32_t count = scan->report.memory.count;
  int word = exported_word(scan);
  placement->memory = count;
  if (count == 0)
    return wsig_place_suits(reason, "words at 0 of memory 0, which is added");
  if (word >= 0)
    return wsig_place_does_not(
        reason, "it exports %s, and all words must be in one memory",
        wasmsig_word_name(word));
  if (wsig_scan_export(scan, WASMSIG_OWN_MEMORY))
    return wsig_place_does_not(reason, "it has another export of the name %s",
                               WASMSIG_OWN_MEMORY);
  if (count >= MEMORIES_MOST)
    return wsig_place_does_not(reason,
                               "it has as many memories as engines accept (%d)",
                               MEMORIES_MOST);
  return wsig_place_suits(reason,
                          "words at 0 of memory %" PRIu32
                          ", which is added: no code names it",
                          count);
}
