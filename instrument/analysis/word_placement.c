/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where the words can be, so that the program provably never accesses them.
 * These places are tried in this order:
 *
 * 1. The module has no memory. It gets a memory of one page. Each instruction
 *    that accesses memory names a memory, so the module contains none.
 *
 * 2. Memory 0 gets one more page, with the words. An access to this page used
 *    to trap. So a program that never trapped there can reach the page only if
 *    it behaves differently now. The only difference that it could notice is
 *    the size of the memory. So the memory must be defined in the module, and
 *    one of these must hold:
 *      - The memory is not exported, and no instruction reads its size or grows
 *        it. No host had access to the memory, so none can have passed its size
 *        to the program. The export that is added here is new to every host.
 *      - The memory is exported, but no instruction names it. Code that never
 *        accesses the memory never accesses the words, whatever size a host
 *        passes to it. The maximum stays as it was, and is above the minimum.
 *        So modules that import the memory still can, and a host can grow it as
 *        far as before. Such a host or module may write to the page itself. It
 *        can avoid the words, because their addresses are exported.
 *    An exported memory that the code uses gets no page. An import may return
 *    its size (memory.buffer.byteLength), and a C allocator that gets more
 *    memory from the host takes everything after its data. A user who knows
 *    that the host does neither can request the page
 *    (wsig_word_placement_add_page).
 *
 * 3. The top of LLVM's C stack. The initial stack pointer S becomes S - 16, and
 *    the words are in [S - 16, S).
 *      - No frame contains these bytes: frames are below the stack pointer, and
 *        code gets their addresses only from it (stack.c finds this global).
 *      - No variable contains them: the linker gave the bytes below S to the
 *        stack. The bytes from S on have another use: static data if the stack
 *        comes first, otherwise the heap. The heap starts at a constant of its
 *        own (the linker's __heap_base, which is S or above). Another global or
 *        a constant in the code may also have the value S. That does no harm,
 *        because an object that begins at S does not extend below it.
 *      - Code that reads the whole stack up to its bound (__stack_high is still
 *        S) only reads the words. A garbage collector that scans the stack
 *        conservatively finds signal numbers, and writes nothing. A collector
 *        that treats all values there as references (AssemblyScript's) would
 *        write. But its stack pointer has another name, and code uses it
 *        differently (stack.c).
 *    This costs the program 16 bytes of its stack.
 *
 * In 2 and 3, no data segment may overlap the new page or the 16 bytes. If an
 * active segment does, or if its address is unknown here, the place cannot be
 * used. (Instantiation used to fail for a segment that ends in the new page; it
 * no longer would.)
 *
 * All words start at 0, as memory does.
 */
#include "analysis/word_placement.h"

#include "analysis/body.h"
#include "analysis/stack.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define PAGE ((uint64_t)1 << 16)

/* ------------------------------------------------------------------- data
 */

/* The address of the segment; its memory's index was read before. */
static struct wsig_value read_address(struct wsig_module *module,
                                      uint64_t memory, bool is_64_bit) {
  if (memory == 0)
    return wsig_read_expression(module,
                                is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
  wsig_pass_expression(module);
  return (struct wsig_value){0, WASMSIG_VALUE_COMPUTED};
}

/* Whether bytes of the segment may be in [start, end). */
static bool hits_segment(struct wsig_module *module, bool is_64_bit,
                         uint64_t start, uint64_t end) {
  enum { PASSIVE = 1, HAS_MEMORY = 2 };
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t flags = wsig_read_u32(cursor);
  uint64_t memory = flags == HAS_MEMORY ? wsig_read_u32(cursor) : 0;
  struct wsig_value site = {0, WASMSIG_VALUE_COMPUTED};
  if (flags != PASSIVE) site = read_address(module, memory, is_64_bit);
  uint64_t size = wsig_read_u32(cursor);
  wsig_cursor_skip(cursor, size);
  if (flags == PASSIVE || memory != 0) return false;
  if (site.source != WASMSIG_VALUE_CONSTANT) return true;
  return size > 0 && site.value < end &&
         (site.value >= start || size > start - site.value);
}

static bool hits_data(const struct wsig_scan *scan, uint64_t start,
                      uint64_t end) {
  const struct wsig_wasm_section *data = scan->known[WSIG_WASM_SECTION_DATA];
  if (!data) return false;
  struct wsig_module module = scan->module; /* a copy that has the globals */
  module.cursor = wsig_scan_cursor(scan, data->payload, data->end);
  uint32_t count = wsig_read_u32(&module.cursor);
  for (uint32_t i = 0; i < count && !module.cursor.failed; i++)
    if (hits_segment(&module, scan->report.memory.is_64_bit, start, end))
      return true;
  return module.cursor.failed;
}

/* ---------------------------------------------------------------- 2: a page */

static bool uses_size(const struct wsig_instruction *instruction,
                      const void *unused) {
  (void)unused;
  return (instruction->opcode == WSIG_OP_MEMORY_SIZE ||
          instruction->opcode == WSIG_OP_MEMORY_GROW) &&
         instruction->operands[0].value == 0;
}

/* Whether the instruction names memory 0. */
static bool names_memory(const struct wsig_instruction *instruction,
                         const void *unused) {
  (void)unused;
  for (unsigned i = 0; i < instruction->operand_count; i++)
    if (instruction->operands[i].kind == WSIG_OPERAND_MEMORY &&
        instruction->operands[i].value == 0)
      return true;
  return false;
}

/* Whether an instruction satisfies `is_one`, or the code is unreadable. */
static bool has_instruction(const struct wsig_scan *scan,
                            bool (*is_one)(const struct wsig_instruction *,
                                           const void *)) {
  struct wsig_bodies bodies;
  wsig_bodies_open(&bodies, scan);
  return wsig_bodies_have(&bodies, is_one, NULL) || bodies.cursor.failed;
}

/* The maximum that engines accept: 4 GiB, and the JavaScript API's limit. */
static uint64_t most_pages(const wasmsig_module_memory *memory) {
  return memory->is_64_bit ? UINT64_C(1) << 18 : UINT64_C(1) << 16;
}

/* Whether the program cannot learn the size of the memory, or never uses it.
 */
static bool cannot_notice_page(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  if (!memory->is_exported) return !has_instruction(scan, uses_size);
  return memory->maximum_pages > memory->minimum_pages &&
         !has_instruction(scan, names_memory);
}

static bool can_add_page(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  uint64_t end = memory->minimum_pages * PAGE;
  return !memory->is_imported && memory->minimum_pages < most_pages(memory) &&
         !hits_data(scan, end, end + PAGE);
}

static int find_page(struct wsig_word_placement *placement,
                     const struct wsig_scan *scan, char *reason) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  if (!can_add_page(scan) || has_instruction(scan, uses_size))
    return wsig_place_does_not(
        reason,
        "its memory is imported or at its maximum, its code reads or changes "
        "the memory's size, or data may be in the new page");
  placement->address = memory->minimum_pages * PAGE;
  return wsig_place_suits(reason, "words at %" PRIu64 ": after its memory",
                          placement->address);
}

/* ---------------------------------------------------------- 3: LLVM's stack */

static int find_stack(struct wsig_word_placement *placement,
                      const struct wsig_scan *scan, char *reason) {
  struct wsig_stack stack;
  const char *why = NULL;
  if (wsig_stack_find(&stack, scan, &why))
    return wsig_place_does_not(reason, "%s", why);
  placement->address = stack.start - WSIG_WORDS_SIZE;
  placement->stack = stack.global;
  if (hits_data(scan, placement->address, stack.start))
    return wsig_place_does_not(reason, "data may overlap its top");
  return wsig_place_suits(
      reason, "words at %" PRIu64 ": the C stack begins 16 bytes lower",
      placement->address);
}

/* ---------------------------------------------------------------- 4: memory */

static int find_memory(struct wsig_word_placement *placement,
                       const struct wsig_scan *scan, char *reason) {
  if (scan->report.memory.count > 0)
    return wsig_place_does_not(reason, "it has a memory");
  placement->memory = 0;
  return wsig_place_suits(reason, "words at 0 of an added memory");
}

/* -------------------------------------------------------------------- all */

static int find_own(struct wsig_word_placement *placement,
                    const struct wsig_scan *scan, char *reason) {
  (void)placement;
  if (scan->report.words[WASMSIG_WORD_SIGNAL].is_exported)
    return wsig_place_suits(reason, "it exports __instance_signal");
  return wsig_place_does_not(reason, "it exports no __instance_signal");
}

static int find_none(struct wsig_word_placement *placement,
                     const struct wsig_scan *scan, char *reason) {
  (void)placement, (void)scan;
  return wsig_place_does_not(reason, "it is no such module");
}

static int write_reason(char *reason, const char *format, va_list arguments) {
  return vsnprintf(reason, WASMSIG_REASON_MAX, format, arguments);
}

int wsig_place_suits(char *reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_reason(reason, format, arguments);
  va_end(arguments);
  return WASMSIG_OK;
}

int wsig_place_does_not(char *reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_reason(reason, format, arguments);
  va_end(arguments);
  return 1;
}

/* A page that no program can notice needs no request. */
static uint32_t with_page(const struct wsig_scan *scan, uint32_t permitted) {
  bool is_safe = scan->report.memory.count > 0 && cannot_notice_page(scan);
  return is_safe ? permitted | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE) : permitted;
}

typedef int finder(struct wsig_word_placement *, const struct wsig_scan *,
                   char *);

static finder *const finders[WASMSIG_WORDS_COUNT] = {
    [WASMSIG_WORDS_OWN] = find_own,
    [WASMSIG_WORDS_STACK] = find_stack,
    [WASMSIG_WORDS_NULL_AREA] = find_none,
    [WASMSIG_WORDS_LIBRARY] = find_none,
    [WASMSIG_WORDS_PAGE] = find_page,
    [WASMSIG_WORDS_MEMORY] = find_memory};

int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, uint32_t permitted,
                             wsig_reasons reasons) {
  permitted = with_page(scan, permitted) | WASMSIG_WORDS_IN(WASMSIG_WORDS_OWN);
  for (int kind = 0; kind < WASMSIG_WORDS_COUNT; kind++) {
    if (!(permitted & WASMSIG_WORDS_IN(kind))) continue;
    *placement = (struct wsig_word_placement){.kind = kind};
    int error = finders[kind](placement, scan, reasons[kind]);
    if (error != 1) return error;
  }
  return 1;
}

uint32_t wsig_word_placement_others(const struct wsig_scan *scan,
                                    uint32_t permitted, wsig_reasons reasons) {
  uint32_t others = 0;
  for (int kind = WASMSIG_WORDS_STACK; kind < WASMSIG_WORDS_COUNT; kind++) {
    struct wsig_word_placement placement = {.kind = kind};
    if (!(permitted & WASMSIG_WORDS_IN(kind)) &&
        finders[kind](&placement, scan, reasons[kind]) == WASMSIG_OK)
      others |= WASMSIG_WORDS_IN(kind);
  }
  return others;
}
