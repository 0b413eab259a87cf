/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where the words can be, so that the program behaves as before. The first
 * place that is permitted and suits the module is taken:
 *
 * 1. The module has words of its own.
 *
 * 2. Low addresses of memory 0 that the module's toolchain does not use
 *    (null_area.c).
 *
 * 3. A page that is added to memory 0, only on request, because it changes the
 *    program: an access to the page used to trap, and does not any more. A
 *    program that never trapped there could notice only the size of the memory.
 *    So no instruction may read the size or grow the memory, and the memory
 *    must be defined in the module. But an import may return the size
 *    (memory.buffer.byteLength), or a host may use the memory up to its end:
 *    only the user knows that none does. No data segment may overlap the page.
 *    (Instantiation used to fail for a segment that ends in the new page; it no
 *    longer would.)
 *
 * 4. A memory that is added (added_memory.c).
 *
 * All words start at 0, as memory does.
 */
#include "analysis/word_placement.h"

#include "analysis/added_memory.h"
#include "analysis/body.h"
#include "analysis/data.h"
#include "analysis/null_area.h"

#include <inttypes.h>

#define PAGE ((uint64_t)1 << 16)

/* ---------------------------------------------------------------- 3: a page */

static bool uses_size(const struct wsig_instruction *instruction,
                      const void *unused) {
  (void)unused;
  return (instruction->opcode == WSIG_OP_MEMORY_SIZE ||
          instruction->opcode == WSIG_OP_MEMORY_GROW) &&
         instruction->operands[0].value == 0;
}

/* The first function that reads the memory's size or grows it; UINT32_MAX: none
 * does. */
static uint32_t function_that_uses_size(const struct wsig_scan *scan) {
  struct wsig_bodies bodies;
  wsig_bodies_open(&bodies, scan);
  bool is_found = wsig_bodies_have(&bodies, uses_size, NULL);
  return is_found ? bodies.next - 1 : UINT32_MAX;
}

/* The maximum that engines accept: 4 GiB, and the JavaScript API's limit. */
static uint64_t most_pages(const wasmsig_module_memory *memory) {
  return memory->is_64_bit ? UINT64_C(1) << 18 : UINT64_C(1) << 16;
}

/* Why memory 0 cannot have another page, apart from the code; NULL: it can. */
static const char *fault_of_memory(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  uint64_t end = memory->minimum_pages * PAGE;
  if (memory->count == 0) return "it has no memory";
  if (memory->is_imported) return "its memory is imported";
  if (memory->minimum_pages >= most_pages(memory))
    return "its memory is as large as engines accept";
  return wsig_data_hits(scan, end, end + PAGE, 0)
             ? "data may be after its memory"
             : NULL;
}

static int find_page(struct wsig_word_placement *placement,
                     const struct wsig_scan *scan, char *reason) {
  const char *fault = fault_of_memory(scan);
  if (fault) return wsig_place_does_not(reason, "%s", fault);
  uint32_t function = function_that_uses_size(scan);
  if (function != UINT32_MAX)
    return wsig_place_does_not(reason,
                               "function %" PRIu32
                               " reads the size of its memory, or grows it",
                               function);
  placement->address = scan->report.memory.minimum_pages * PAGE;
  return wsig_place_suits(
      reason, "words at %" PRIu64 ": in a page that is added after its memory",
      placement->address);
}

/* -------------------------------------------------------------------- all */

static int find_own(struct wsig_word_placement *placement,
                    const struct wsig_scan *scan, char *reason) {
  (void)placement;
  if (scan->report.words[WASMSIG_WORD_SIGNAL].is_exported)
    return wsig_place_suits(reason,
                            "words of its own: it exports __instance_signal");
  return wsig_place_does_not(reason, "it exports no __instance_signal");
}

typedef int finder(struct wsig_word_placement *, const struct wsig_scan *,
                   char *);

static finder *const finders[WASMSIG_WORDS_COUNT] = {
    [WASMSIG_WORDS_OWN] = find_own,
    [WASMSIG_WORDS_NULL_AREA] = wsig_null_area_find,
    [WASMSIG_WORDS_PAGE] = find_page,
    [WASMSIG_WORDS_MEMORY] = wsig_added_memory_find};

int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, uint32_t permitted,
                             wsig_reasons reasons) {
  permitted |= WASMSIG_WORDS_IN(WASMSIG_WORDS_OWN);
  for (int kind = 0; kind < WASMSIG_WORDS_COUNT; kind++) {
    if (!(permitted & WASMSIG_WORDS_IN(kind))) continue;
    *placement =
        (struct wsig_word_placement){.kind = (wasmsig_word_placement)kind};
    int error = finders[kind](placement, scan, reasons[kind]);
    if (error != 1) return error;
  }
  return 1;
}

uint32_t wsig_word_placement_others(const struct wsig_scan *scan,
                                    uint32_t permitted, wsig_reasons reasons) {
  uint32_t others = 0;
  for (int kind = WASMSIG_WORDS_NULL_AREA; kind < WASMSIG_WORDS_COUNT; kind++) {
    struct wsig_word_placement placement = {.kind =
                                                (wasmsig_word_placement)kind};
    if (!(permitted & WASMSIG_WORDS_IN(kind)) &&
        finders[kind](&placement, scan, reasons[kind]) == WASMSIG_OK)
      others |= WASMSIG_WORDS_IN(kind);
  }
  return others;
}
