/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The code section: passed over as a whole, or walked in search of polls. */
#include "instruction.h"
#include "polls.h"
#include "reader.h"

static void read_locals(struct wsig_module *module) {
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
}

static bool needs_block(uint32_t opcode) {
  return opcode == WSIG_OP_ELSE || opcode == WSIG_OP_CATCH ||
         opcode == WSIG_OP_CATCH_ALL || opcode == WSIG_OP_DELEGATE;
}

/* Up to the `end` of the function. */
static void read_instructions(struct wsig_cursor *cursor,
                              struct wsig_polls *polls) {
  struct wsig_instruction instruction;
  uint64_t depth = 1;
  while (depth > 0 && wsig_read_instruction(cursor, &instruction)) {
    if (depth == 1 && needs_block(instruction.opcode))
      wsig_cursor_fail(cursor, instruction.offset,
                       "an instruction that needs no block around it");
    depth += (uint64_t)wsig_instruction_nesting(instruction.opcode);
    wsig_polls_see(polls, &instruction);
  }
}

static void read_body(struct wsig_module *module, struct wsig_polls *polls) {
  struct wsig_cursor *cursor = &module->cursor;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t size = wsig_read_u32(cursor);
  if (!cursor->failed && size > wsig_cursor_left(cursor))
    wsig_cursor_fail(cursor, start, "a function that ends within its section");
  struct wsig_limit before = wsig_cursor_narrow(
      cursor, size, "more of the function, whose size says that it ends");
  read_locals(module);
  read_instructions(cursor, polls);
  wsig_cursor_expect_limit(
      cursor, "the end of the function, whose size says otherwise");
  wsig_cursor_widen(cursor, before);
}

static void report_function(wasmsig_module_polls *report,
                            const struct wsig_polls *polls, uint64_t index) {
  report->atomic += polls->atomic;
  report->plain += polls->plain;
  if (polls->plain > 0 && report->functions_count < WASMSIG_PLAIN_POLLS_NAMED)
    report->functions[report->functions_count++] = (uint32_t)index;
}

/* Whether the signal word is one that a host could write to. */
static bool has_signal(const wasmsig_module_report *report) {
  const wasmsig_module_word *word = &report->words[WASMSIG_WORD_SIGNAL];
  return word->is_exported && word->kind == WASMSIG_EXTERN_GLOBAL &&
         !word->is_mutable && word->source == WASMSIG_VALUE_CONSTANT &&
         report->memory.count > 0;
}

static void read_bodies(struct wsig_module *module, uint32_t count) {
  struct wsig_polls polls = {
      .module = module,
      .has_address = has_signal(module->report),
      .address = module->report->words[WASMSIG_WORD_SIGNAL].address};
  for (uint32_t i = 0; i < count && !module->cursor.failed; i++) {
    wsig_polls_begin(&polls);
    read_body(module, &polls);
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
