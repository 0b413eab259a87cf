/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The code section: skipped as a whole, or read to find the polls. */
#include "instruction.h"
#include "polls.h"
#include "reader.h"

/* Returns how many there are. */
static uint64_t read_locals(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t total = 0;
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    uint64_t start = wsig_cursor_offset(cursor);
    total += wsig_read_u32(cursor);
    if (total > UINT32_MAX)
      wsig_cursor_fail(cursor, start, "fewer than 4294967296 locals");
    struct wsig_type type = wsig_read_value_type(cursor);
    wsig_check_type(module, &type);
  }
  return total;
}

/* ----------------------------------------------------------------- blocks */

/* What an open block may still contain before its end. */
enum { NOTHING, AN_ELSE, CATCHES, CATCHES_OR_DELEGATE };

/* For the block that the instruction opens, or whose next branch it begins. */
static uint8_t block_of(uint32_t opcode) {
  switch (opcode) {
    case WSIG_OP_IF: return AN_ELSE;
    case WSIG_OP_TRY: return CATCHES_OR_DELEGATE;
    case WSIG_OP_CATCH: return CATCHES;
    default: return NOTHING;
  }
}

static bool is_branch(uint32_t opcode) {
  return opcode == WSIG_OP_ELSE || opcode == WSIG_OP_CATCH ||
         opcode == WSIG_OP_CATCH_ALL;
}

static bool may_stand_in(uint32_t opcode, uint8_t block) {
  switch (opcode) {
    case WSIG_OP_ELSE: return block == AN_ELSE;
    case WSIG_OP_CATCH:
    case WSIG_OP_CATCH_ALL: return block >= CATCHES;
    case WSIG_OP_DELEGATE: return block == CATCHES_OR_DELEGATE;
    default: return true;
  }
}

static void open_block(struct wsig_module *module, uint8_t block) {
  uint8_t *blocks = wsig_array_grow(module->blocks, module->block_count,
                                    &module->block_capacity, sizeof *blocks);
  if (!blocks) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  module->blocks = blocks;
  blocks[module->block_count++] = block;
}

static void follow_blocks(struct wsig_module *module,
                          const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  uint8_t *innermost = &module->blocks[module->block_count - 1];
  if (!may_stand_in(opcode, *innermost))
    wsig_cursor_fail(&module->cursor, instruction->offset,
                     "an instruction that the block around it may have");
  if (is_branch(opcode)) *innermost = block_of(opcode);
  int nesting = wsig_instruction_nesting(opcode);
  if (nesting > 0) open_block(module, block_of(opcode));
  if (nesting < 0) module->block_count--;
}

/* ------------------------------------------------------------------ bodies */

/* NULL: it is right. Tools append locals, globals and memories: an index that
 * does not exist must not become one that does. A reader with one pass over the
 * code needs the data count before the code. */
static const char *fault_of(const struct wsig_module *module,
                            const struct wsig_operand *operand,
                            uint64_t locals) {
  uint64_t index = operand->value;
  switch (operand->kind) {
    case WSIG_OPERAND_LOCAL:
      return index < locals ? NULL : "the index of a local that exists";
    case WSIG_OPERAND_GLOBAL:
      return index < module->global_count ? NULL
                                          : "the index of a global that exists";
    case WSIG_OPERAND_MEMORY:
      return index < module->memory_count ? NULL
                                          : "the index of a memory that exists";
    case WSIG_OPERAND_DATA:
      return module->has_data_count
                 ? NULL
                 : "no data index: the module has no data count section";
    default: return NULL;
  }
}

static void check_indices(struct wsig_module *module,
                          const struct wsig_instruction *instruction,
                          uint64_t locals) {
  for (unsigned i = 0; i < instruction->operand_count; i++) {
    const struct wsig_operand *operand = &instruction->operands[i];
    const char *fault = fault_of(module, operand, locals);
    if (fault) wsig_cursor_fail(&module->cursor, operand->offset, fault);
  }
}

/* Most instructions need no check of blocks. */
static bool is_control(uint32_t opcode) { return opcode < 0x20; }

/* Up to the `end` of the function. */
static void read_instructions(struct wsig_module *module,
                              struct wsig_polls *polls, uint64_t locals) {
  struct wsig_instruction instruction;
  module->block_count = 0;
  open_block(module, NOTHING);
  while (module->block_count > 0 &&
         wsig_read_instruction(&module->cursor, &instruction)) {
    if (is_control(instruction.opcode)) follow_blocks(module, &instruction);
    check_indices(module, &instruction, locals);
    wsig_polls_see(polls, &instruction);
  }
}

static void read_body(struct wsig_module *module, struct wsig_polls *polls,
                      uint32_t parameters) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t size = wsig_read_u32(cursor);
  if (!cursor->failed && size > wsig_cursor_left(cursor))
    wsig_cursor_fail(cursor, start, "a function that ends within its section");
  struct wsig_limit before = wsig_cursor_narrow(
      cursor, size, "more of the function than its size allows");
  uint64_t locals = parameters + read_locals(module);
  read_instructions(module, polls, locals);
  wsig_cursor_expect_limit(cursor,
                           "the end of the function where its size puts it");
  wsig_cursor_widen(cursor, before);
}

static void report_function(wasmsig_module_polls *report,
                            const struct wsig_polls *polls, uint64_t index) {
  report->atomic += polls->atomic;
  report->plain += polls->plain;
  if (polls->plain > 0 && polls->atomic == 0 && polls->has_loop &&
      !polls->is_in_loop && report->lifted++ == 0)
    report->lifted_function = (uint32_t)index;
  if (polls->plain > 0 && report->functions_count < WASMSIG_PLAIN_POLLS_NAMED)
    report->functions[report->functions_count++] = (uint32_t)index;
}

/* Whether the module has a signal word that a host can write to. */
static bool has_signal(const wasmsig_module_report *report) {
  const wasmsig_module_word *word = &report->words[WASMSIG_WORD_SIGNAL];
  return word->is_exported && word->kind == WASMSIG_EXTERN_GLOBAL &&
         !word->is_mutable && word->source == WASMSIG_VALUE_CONSTANT &&
         report->memory.count > 0;
}

/* Sets the address of the signal word, and its memory. */
static void find_signal(struct wsig_polls *polls,
                        const wasmsig_module_report *report) {
  polls->has_address = report->own_memory.is_exported || has_signal(report);
  polls->address = report->own_memory.is_exported
                       ? wasmsig_own_memory_address(WASMSIG_WORD_SIGNAL)
                       : report->words[WASMSIG_WORD_SIGNAL].address;
  polls->memory = report->own_memory.index; /* or 0 */
}

static void read_bodies(struct wsig_module *module, uint32_t count) {
  struct wsig_polls polls = {.module = module};
  find_signal(&polls, module->report);
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++) {
    wsig_polls_begin(&polls);
    read_body(module, &polls, module->types[module->functions[i]].parameters);
    if (!module->cursor.failed)
      report_function(&module->report->polls, &polls,
                      module->imported_functions + i);
  }
}

void wsig_read_code(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t count = wsig_read_u32(cursor);
  module->has_code = true;
  if (!cursor->failed &&
      count != module->function_count - module->imported_functions)
    wsig_cursor_fail(cursor, start, "as many functions as were declared");
  if (module->wants_polls)
    read_bodies(module, count);
  else if (count > 0)
    wsig_cursor_skip(cursor, wsig_cursor_left(cursor));
}
