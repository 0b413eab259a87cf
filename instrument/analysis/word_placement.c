/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where words can lie that the program cannot hit. In this order:
 *
 * 1. There is no memory: one of a page is added. Each instruction that reads or
 *    writes memory names a memory, so the module has none of them.
 *
 * 2. Memory 0 gets a page more than it had. Nothing of the module comes there:
 *    before, an access to an address of that page trapped, so a program that
 *    never trapped there never comes there now. What could lead it there is
 *    what tells the memory's size, and its size alone. So the memory is the
 *    module's own, and either
 *      - it is exported by nobody, and no instruction asks for its size or lets
 *        it grow. No host could know it, so none can have told the program. The
 *        export that is added here is new to it.
 *      - or no instruction names it. What never comes there never hits it,
 *        whatever it is told. The maximum stays what it was, and above the
 *        minimum: so who imports the memory can still do so, and a host's grow
 *        gets as far as before. What such a host, or another module that
 *        imports the memory, writes there itself is for them to know: to them
 *        the words are exported.
 *    An exported memory that the code uses gets no page: an import may return
 *    its size (memory.buffer.byteLength), and a C allocator that a host lets
 *    grow takes all behind its data for its own. Who knows that the host does
 *    nothing of the kind can ask for it (wsig_word_placement_add_page).
 *
 * 3. The C stack of LLVM: the stack pointer starts at S, which becomes S - 16,
 *    and the words lie in [S - 16, S). Stack frames lie below the pointer, and
 *    code gets their addresses from it alone (stack.c tells which global it
 *    is), so these bytes are in no frame. They are in no variable either: the
 *    linker gave the bytes below S to the stack. What lies at S or above is
 *    another's: static data where the stack comes first, else the heap, which
 *    starts at a number of its own (__heap_base, the linker's constant, at S or
 *    above): that another global or a constant in the code is S too does not
 *    matter, as what begins at S does not reach below it. Who asks for the
 *    stack's bounds (__stack_high is S still) reads up to S at most: a
 *    collector that scans the stack conservatively reads the words, finds
 *    numbers of signals, and writes nothing. One that takes what it finds
 *    there for references (AssemblyScript's) would: its stack pointer has
 *    another name, and another discipline (stack.c).
 *    It costs the program 16 bytes of its stack.
 *
 * Segments of data must keep off the page, or the 16 bytes: an active one at an
 * address that is not known here, or over these bytes, and there is no room.
 * One that ends in the page failed when the module was instantiated, and would
 * not any more.
 *
 * All words start at 0, as memory does.
 */
#include "analysis/word_placement.h"

#include "analysis/body.h"
#include "analysis/stack.h"

#define PAGE ((uint64_t)1 << 16)

/* ------------------------------------------------------------------- data */

/* Where the segment starts; it is read behind its memory's index. */
static struct wsig_value read_place(struct wsig_module *module, uint64_t memory,
                                    bool is_64_bit) {
  if (memory == 0)
    return wsig_read_expression(module,
                                is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
  wsig_pass_expression(module);
  return (struct wsig_value){0, WASMSIG_VALUE_COMPUTED};
}

/* Whether bytes of the segment may come into [start, end). */
static bool hits_segment(struct wsig_module *module, bool is_64_bit,
                         uint64_t start, uint64_t end) {
  enum { PASSIVE = 1, HAS_MEMORY = 2 };
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t flags = wsig_read_u32(cursor);
  uint64_t memory = flags == HAS_MEMORY ? wsig_read_u32(cursor) : 0;
  struct wsig_value site = {0, WASMSIG_VALUE_COMPUTED};
  if (flags != PASSIVE) site = read_place(module, memory, is_64_bit);
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
  struct wsig_module module = scan->module; /* it knows the globals */
  module.cursor = wsig_scan_cursor(scan, data->payload, data->end);
  uint32_t count = wsig_read_u32(&module.cursor);
  for (uint32_t i = 0; i < count && !module.cursor.failed; i++)
    if (hits_segment(&module, scan->report.memory.is_64_bit, start, end))
      return true;
  return module.cursor.failed;
}

/* ---------------------------------------------------------------- 2: a page */

static bool asks_for_size(const struct wsig_instruction *instruction,
                          const void *unused) {
  (void)unused;
  return (instruction->opcode == WSIG_OP_MEMORY_SIZE ||
          instruction->opcode == WSIG_OP_MEMORY_GROW) &&
         instruction->operands[0].value == 0;
}

/* Whether it concerns memory 0. */
static bool names_memory(const struct wsig_instruction *instruction,
                         const void *unused) {
  (void)unused;
  for (unsigned i = 0; i < instruction->operand_count; i++)
    if (instruction->operands[i].kind == WSIG_OPERAND_MEMORY &&
        instruction->operands[i].value == 0)
      return true;
  return false;
}

/* Whether there is such an instruction; code that is unreadable may have it. */
static bool has_instruction(const struct wsig_scan *scan,
                            bool (*is_one)(const struct wsig_instruction *,
                                           const void *)) {
  struct wsig_bodies bodies;
  wsig_bodies_open(&bodies, scan);
  return wsig_bodies_have(&bodies, is_one, NULL) || bodies.cursor.failed;
}

/* The most that engines take: 4 GiB, and what the JavaScript API allows. */
static uint64_t most_pages(const wasmsig_module_memory *memory) {
  return memory->is_64_bit ? UINT64_C(1) << 18 : UINT64_C(1) << 16;
}

/* Whether the program cannot come to know how long it is, or never asks. */
static bool is_blind(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  if (!memory->is_exported) return !has_instruction(scan, asks_for_size);
  return memory->maximum_pages > memory->minimum_pages &&
         !has_instruction(scan, names_memory);
}

static bool can_be_longer(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  uint64_t end = memory->minimum_pages * PAGE;
  return !memory->is_imported && memory->minimum_pages < most_pages(memory) &&
         !hits_data(scan, end, end + PAGE);
}

static void set_page(struct wsig_word_placement *placement,
                     const struct wsig_scan *scan) {
  placement->kind = WASMSIG_WORDS_PAGE;
  placement->address = scan->report.memory.minimum_pages * PAGE;
}

bool wsig_word_placement_add_page(struct wsig_word_placement *placement,
                                  const struct wsig_scan *scan) {
  if (!can_be_longer(scan) || has_instruction(scan, asks_for_size))
    return false;
  set_page(placement, scan);
  return true;
}

/* ---------------------------------------------------------- 3: LLVM's stack */

static int find_in_stack(struct wsig_word_placement *placement,
                         const struct wsig_scan *scan, const char **why) {
  struct wsig_stack stack;
  int error = wsig_stack_find(&stack, scan, why);
  if (error) return error;
  *placement =
      (struct wsig_word_placement){.kind = WASMSIG_WORDS_STACK,
                                   .address = stack.start - WSIG_WORDS_SIZE,
                                   .stack = stack.global};
  if (!hits_data(scan, placement->address, stack.start)) return WASMSIG_OK;
  return wsig_refuse(
      why, "no room for the words: data may lie where its C stack begins");
}

/* -------------------------------------------------------------------- all */

int wsig_word_placement_find(struct wsig_word_placement *placement,
                             const struct wsig_scan *scan, const char **why) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  *placement = (struct wsig_word_placement){.kind = WASMSIG_WORDS_OWN};
  if (scan->report.words[WASMSIG_WORD_SIGNAL].is_exported) return WASMSIG_OK;
  if (memory->count == 0) {
    placement->kind = WASMSIG_WORDS_MEMORY;
    return WASMSIG_OK;
  }
  if (!can_be_longer(scan) || !is_blind(scan))
    return find_in_stack(placement, scan, why);
  set_page(placement, scan);
  return WASMSIG_OK;
}
