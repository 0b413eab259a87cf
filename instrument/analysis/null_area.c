/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The words at low addresses that a toolchain leaves unused, so that a null
 * pointer points to nothing.
 *
 * All other memory, all addresses and all globals stay as they were. So the
 * program computes the same if it never accesses these bytes. Three toolchains
 * are recognised:
 *
 *  - wasm-ld, the linker of LLVM (C, C++, Rust, Swift, Zig, TinyGo, Emscripten,
 *    .NET). A function keeps a C stack (c_stack.h). wasm-ld does one of two
 *    things:
 *      - It puts the data first, from 1024 on, and the stack and the heap after
 *        them. No object is below 1024.
 *      - It puts the stack first (--stack-first), in [0, S), where S is the
 *        initial value of the stack pointer. Frames grow down from S. So a
 *        program reaches the words, which are as low as possible, only when its
 *        stack is full. It has some bytes of stack less: 40, if the words are
 *        at 16.
 *    If there are data in [1024, 4096] and below S, they are first. If data
 * begin where the stack ends, in [S, S + 4096), and there are none below S / 2,
 * the stack is first. (A snapshot of a program that has run, as wizer makes it,
 * has data at the top of its stack.) Code for threads has a shared memory and
 * passive segments only; then the stack may be first. It sets each byte of its
 * data by an instruction with a constant address. Anything else was linked for
 * a purpose that is not known here. Without data, variables that are 0 at first
 * may be anywhere, also at 0 (--global-base). But if S is 1024 and some whole
 * pages, the program was linked without options and has no variables: a stack
 * has whole pages, and only variables of 1024 bytes beyond whole pages, at 0,
 * would give the same S.
 *  - Go's linker. It defines eight globals for the registers of its machine,
 * and leaves the first 4096 bytes unused. wasm_exec.js, which runs the module,
 *    writes the arguments from 4096 on.
 *  - Emscripten's dynamic libraries, which import __memory_base. Their data are
 *    relative to it. A main module is loaded at 1024, and a side module at an
 *    address that the main module's allocator returns. So all libraries of a
 *    program have the same words: a signal to one of them reaches the code of
 *    all, which call each other. If the main module is not relocatable and its
 *    stack is first, its own words are at its end, and those of its libraries
 *    in its stack, which has 1016 bytes less: a library cannot know that.
 *
 * With assertions, Emscripten's JavaScript keeps a mark at [0, 4), and two
 * marks at the end of the stack, [4, 12) if the stack is first. The words are
 * at 16 or above.
 *
 * A module may use low addresses in spite of its toolchain: a game console has
 * its registers there. So no active segment may be below the limit (1024, or
 * 4096 for Go), and no access at a constant address may be at the words. Real
 * modules contain accesses at small constant addresses: members of a null
 * pointer, in code that is never reached. Therefore the words are as high as
 * possible where the stack is not first.
 *
 * An access through a null pointer is a defect of the program. It reads zeros
 * as before, until a host sends a signal.
 */
#include "analysis/null_area.h"

#include "analysis/c_stack.h"
#include "analysis/data.h"

#include <inttypes.h>
#include <string.h>

enum {
  LOWEST = 16,
  LLVM_BASE = 1024,
  DATA_BEGIN = 4097, /* the end of addresses where data can begin */
  GAP_MOST = 4096,   /* between a stack and data after it */
  LIBRARY_WORDS = 992,
  GO_BASE = 4096,
  PAGE = 1 << 16,
};

/* -------------------------------------------------------------- toolchains */

/* SP, CTXT, g, RET0 to RET3, PAUSE (cmd/link/internal/wasm/asm.go). */
static bool is_go(const struct wsig_scan *scan) {
  static const uint8_t types[] = {WSIG_TYPE_I32, WSIG_TYPE_I64, WSIG_TYPE_I64,
                                  WSIG_TYPE_I64, WSIG_TYPE_I64, WSIG_TYPE_I64,
                                  WSIG_TYPE_I64, WSIG_TYPE_I32};
  uint64_t first = scan->imported_globals;
  if (scan->module.global_count != first + sizeof types) return false;
  for (size_t i = 0; i < sizeof types; i++) {
    const struct wsig_global *global = &scan->module.globals[first + i];
    if (global->type != types[i] || !global->is_mutable ||
        global->source != WASMSIG_VALUE_CONSTANT || global->value != 0)
      return false;
  }
  return true;
}

static bool imports_global(const struct wsig_scan *scan, const char *wanted) {
  const struct wsig_module *module = &scan->module;
  for (size_t i = 0; i < module->import_count; i++) {
    const struct wsig_span *name = &module->imports[i].name;
    if (name->length == strlen(wanted) &&
        memcmp(module->names.bytes + name->start, wanted, name->length) == 0)
      return true;
  }
  return false;
}

bool wsig_is_dynamic_library(const struct wsig_scan *scan) {
  if (!imports_global(scan, "__memory_base")) return false;
  for (size_t i = 0; i < scan->section_count; i++)
    if (wsig_wasm_section_is_named(&scan->sections[i], "dylink.0") ||
        wsig_wasm_section_is_named(&scan->sections[i], "dylink"))
      return true;
  return false;
}

/* --------------------------------------------------------------- addresses */

/* Bytes at [start, end), for the words. */
struct area {
  uint64_t start, end;
  bool is_from_end; /* the words are as high as possible */
};

static bool is_free(const struct wsig_low_addresses *low, uint64_t address) {
  for (uint64_t i = 0; i < WSIG_WORDS_SIZE / WSIG_LOW_UNIT; i++)
    if (low->is_used[address / WSIG_LOW_UNIT + i]) return false;
  return true;
}

/* The address for the words; 0: there is none. */
static uint64_t free_address(const struct area *area,
                             const struct wsig_low_addresses *low) {
  uint64_t found = 0;
  for (uint64_t at = area->start; at + WSIG_WORDS_SIZE <= area->end;
       at += WSIG_WORDS_ALIGNMENT) {
    if (!is_free(low, at)) continue;
    found = at;
    if (!area->is_from_end) break;
  }
  return found;
}

/* -------------------------------------------------------------------- all */

struct search {
  const struct wsig_scan *scan;
  char *reason;
  struct wsig_c_stack stack;
  struct wsig_low_addresses low;
};

static int take(struct wsig_word_placement *placement,
                const struct search *search, const struct area *area,
                uint64_t base) {
  placement->address = free_address(area, &search->low);
  if (wsig_data_hits(search->scan, 0, area->end, base))
    return wsig_place_does_not(search->reason,
                               "data may be below address %" PRIu64, area->end);
  if (placement->address > 0) return WASMSIG_OK;
  return wsig_place_does_not(
      search->reason,
      "its code accesses constant addresses everywhere below %" PRIu64,
      area->end);
}

static int find_go(struct wsig_word_placement *placement,
                   const struct search *search) {
  struct area area = {LOWEST, GO_BASE, true};
  int error = take(placement, search, &area, 0);
  if (error) return error;
  return wsig_place_suits(search->reason,
                          "words at %" PRIu64
                          ": Go leaves addresses below %d unused",
                          placement->address, GO_BASE);
}

static int find_in_library(struct wsig_word_placement *placement,
                           const struct search *search) {
  struct area area = {LIBRARY_WORDS, LIBRARY_WORDS + WSIG_WORDS_SIZE, false};
  int error = take(placement, search, &area, LLVM_BASE);
  if (error) return error;
  return wsig_place_suits(
      search->reason,
      "words at %" PRIu64
      ": Emscripten loads libraries at %d or above; all libraries of a program "
      "have the same words",
      placement->address, LLVM_BASE);
}

static int find_data_first(struct wsig_word_placement *placement,
                           const struct search *search) {
  struct area area = {LOWEST, LLVM_BASE, true};
  int error = take(placement, search, &area, 0);
  if (error) return error;
  return wsig_place_suits(
      search->reason,
      "words at %" PRIu64
      ": wasm-ld leaves addresses below %d unused (function "
      "%" PRIu32 " keeps a C stack below global %" PRIu32 ")",
      placement->address, LLVM_BASE, search->stack.function,
      search->stack.global);
}

/* Data follow the stack, and none are before it. */
static bool is_stack_first(const struct search *search) {
  const struct wsig_scan *scan = search->scan;
  uint64_t start = search->stack.start;
  if (wsig_data_hits(scan, LLVM_BASE, start / 2, 0)) return false;
  return wsig_data_hits(scan, start, start + GAP_MOST, 0) ||
         (scan->report.memory.is_shared && wsig_data_are_passive(scan));
}

static int find_stack_first(struct wsig_word_placement *placement,
                            const struct search *search) {
  const struct wsig_c_stack *stack = &search->stack;
  struct area area = {LOWEST, LLVM_BASE, false};
  if (stack->start < LLVM_BASE)
    return wsig_place_does_not(search->reason,
                               "its C stack may have only %" PRIu64 " bytes",
                               stack->start);
  if (!is_stack_first(search))
    return wsig_place_does_not(
        search->reason,
        "neither its data nor its C stack is known to be first in its "
        "memory, so it is unknown what is below %d",
        LLVM_BASE);
  int error = take(placement, search, &area, 0);
  if (error) return error;
  return wsig_place_suits(
      search->reason,
      "words at %" PRIu64
      ": wasm-ld leaves these bytes unused, or to the end of the C stack "
      "(function %" PRIu32 " keeps a C stack below global %" PRIu32
      ", which is %" PRIu64 " at first)",
      placement->address, stack->function, stack->global, stack->start);
}

/* Data that come first begin between 1024 and 4096, and below the stack. */
static bool is_data_first(const struct search *search) {
  uint64_t start = search->stack.start;
  return wsig_data_hits(search->scan, LLVM_BASE,
                        start < DATA_BEGIN ? start : DATA_BEGIN, 0);
}

/* Then nothing but the stack is at 1024 and above. */
static bool has_no_variables(const struct search *search) {
  uint64_t start = search->stack.start;
  return wsig_data_are_none(search->scan) && start > LLVM_BASE &&
         (start - LLVM_BASE) % PAGE == 0;
}

static int find_llvm(struct wsig_word_placement *placement,
                     const struct search *search) {
  return is_data_first(search) || has_no_variables(search)
             ? find_data_first(placement, search)
             : find_stack_first(placement, search);
}

int wsig_null_area_find(struct wsig_word_placement *placement,
                        const struct wsig_scan *scan, char *reason) {
  struct search search = {.scan = scan, .reason = reason};
  bool is_library = wsig_is_dynamic_library(scan);
  if (scan->report.memory.count != 1)
    return wsig_place_does_not(reason, scan->report.memory.count == 0
                                           ? "it has no memory"
                                           : "it has several memories");
  if (!is_library && scan->report.memory.minimum_pages == 0)
    return wsig_place_does_not(reason, "its memory has no pages at first");
  if (!wsig_c_stack_find(&search.stack, &search.low, scan))
    return wsig_place_does_not(reason, "its code cannot be read");
  if (is_go(scan)) return find_go(placement, &search);
  if (is_library) return find_in_library(placement, &search);
  if (search.stack.is_found) return find_llvm(placement, &search);
  return wsig_place_does_not(
      reason,
      "its toolchain is unknown: no function keeps a C stack below the first "
      "mutable global, as LLVM's code does; it does not have Go's eight "
      "globals; "
      "and it is no dynamic library of Emscripten");
}
