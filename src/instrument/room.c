/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where words can lie that the program cannot hit. In this order:
 *
 * 1. There is no memory: one of a page is added. Each instruction that reads or
 *    writes memory names a memory, so the module has none of them.
 *
 * 2. Memory 0 is the module's own, and no instruction asks for its size or lets
 *    it grow: it gets a page more than it had. Before, an access to an address
 *    of that page trapped; a program that never trapped there never comes
 *    there. Nor can it learn of the page: only memory.size and memory.grow
 *    tell.
 *    A host may let an exported memory grow for a program that takes all behind
 *    its data for its own, as C allocators without memory.grow do: that page
 *    would be in its midst. So a stack (3) comes first then, and without one
 *    the memory gets no larger any more: such a host is told so at once. Unless
 *    no instruction names the memory: what never comes there never hits it.
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
 * Segments of data must keep off: an active one at an address that is not known
 * here, or over these bytes, and there is no room.
 *
 * All words start at 0, as memory does.
 */
#include "room.h"

#include "body.h"
#include "stack.h"

#define PAGE ((uint64_t)1 << 16)

/* ---------------------------------------------------------------- 2: a page */

static bool asks_for_size(const struct wsig_instruction *instruction,
                          const void *unused) {
  (void)unused;
  enum { MEMORY_SIZE = 0x3f, MEMORY_GROW = 0x40 };
  return (instruction->opcode == MEMORY_SIZE ||
          instruction->opcode == MEMORY_GROW) &&
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

/* Whether a host can let it grow, and the program come to what it gets. */
static bool can_grow_outside(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  return memory->is_exported && memory->maximum_pages > memory->minimum_pages &&
         has_instruction(scan, names_memory);
}

static bool can_be_longer(const wasmsig_module_memory *memory) {
  uint64_t most = memory->is_64_bit ? UINT64_C(1) << 37 : UINT64_C(1) << 16;
  return !memory->is_imported && memory->minimum_pages < most;
}

/* ---------------------------------------------------------- 3: LLVM's stack */

/* Where the segment starts; it is read behind its memory's index. */
static struct wsig_value read_place(struct wsig_module *module, uint64_t memory,
                                    bool is_64_bit) {
  if (memory == 0)
    return wsig_read_expression(module,
                                is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
  wsig_pass_expression(module);
  return (struct wsig_value){0, WASMSIG_VALUE_COMPUTED};
}

/* Whether bytes of the segment may come into the room at `start`. */
static bool hits_segment(struct wsig_module *module, bool is_64_bit,
                         uint64_t start) {
  enum { PASSIVE = 1, HAS_MEMORY = 2 };
  struct wsig_cursor *cursor = &module->cursor;
  uint32_t flags = wsig_read_u32(cursor);
  uint64_t memory = flags == HAS_MEMORY ? wsig_read_u32(cursor) : 0;
  struct wsig_value place = {0, WASMSIG_VALUE_COMPUTED};
  if (flags != PASSIVE) place = read_place(module, memory, is_64_bit);
  uint64_t size = wsig_read_u32(cursor);
  wsig_cursor_skip(cursor, size);
  if (flags == PASSIVE || memory != 0) return false;
  if (place.source != WASMSIG_VALUE_CONSTANT) return true;
  return size > 0 && place.value < start + WSIG_ROOM_SIZE &&
         (place.value >= start || size > start - place.value);
}

static bool hits_data(const struct wsig_scan *scan, uint64_t start) {
  const struct wsig_section *data = scan->known[WSIG_SECTION_DATA];
  if (!data) return false;
  struct wsig_module module = scan->module; /* it knows the globals */
  module.cursor = wsig_scan_cursor(scan, data->payload, data->end);
  uint32_t count = wsig_read_u32(&module.cursor);
  for (uint32_t i = 0; i < count && !module.cursor.failed; i++)
    if (hits_segment(&module, scan->report.memory.is_64_bit, start))
      return true;
  return module.cursor.failed;
}

static int find_in_stack(struct wsig_room *room, const struct wsig_scan *scan,
                         const char **why) {
  struct wsig_stack stack;
  int error = wsig_stack_find(&stack, scan, why);
  if (error) return error;
  *room = (struct wsig_room){.kind = WSIG_ROOM_STACK,
                             .address = stack.start - WSIG_ROOM_SIZE,
                             .stack = stack.global};
  if (!hits_data(scan, room->address)) return WASMSIG_OK;
  *why = "no room for the words: data may lie where its C stack begins";
  return 1;
}

/* -------------------------------------------------------------------- all */

int wsig_room_find(struct wsig_room *room, const struct wsig_scan *scan,
                   const char **why) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  *room = (struct wsig_room){.kind = WSIG_ROOM_NONE};
  if (scan->report.words[WASMSIG_WORD_SIGNAL].is_exported) return WASMSIG_OK;
  if (memory->count == 0) {
    room->kind = WSIG_ROOM_MEMORY;
    return WASMSIG_OK;
  }
  if (!can_be_longer(memory) || has_instruction(scan, asks_for_size))
    return find_in_stack(room, scan, why);
  bool can_grow = can_grow_outside(scan);
  if (can_grow) {
    int error = find_in_stack(room, scan, why);
    if (error <= 0) return error;
    *why = NULL;
  }
  room->kind = can_grow ? WSIG_ROOM_LAST_PAGE : WSIG_ROOM_PAGE;
  room->address = memory->minimum_pages * PAGE;
  return WASMSIG_OK;
}
