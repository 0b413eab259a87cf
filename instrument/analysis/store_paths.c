/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Why a loop that is found stores in each turn.
 *
 * `storing` describes all paths to the current instruction. On each of them, a
 * store follows the last passage of the head of each of the outermost `storing`
 * open loops. One number is enough: the head of an inner loop is passed after
 * that of an outer one, so what follows the inner one follows the outer one.
 *
 *  1. A store makes it the number of all open loops.
 *  2. The head of a loop does not change it: the paths that come from inside
 *     the loop have passed at least as many stores as those that enter it.
 *  3. Where paths join, it is the smallest number of all of them. This is the
 *     end of a block. An exception may come from any instruction of a `try`, at
 *     the earliest from the first one: handlers begin with its number.
 *  4. A branch to the head of a loop ends a turn. The loop stores in each turn
 *     if all these branches have a number that includes this loop.
 *
 * Code that is never reached has the largest number, so it changes nothing.
 */
#include "analysis/store_paths.h"

#include <stdlib.h>

#define UNREACHED UINT32_MAX

enum {
  UNREACHABLE = 0x00,
  THROW = 0x08,
  RETHROW = 0x09,
  THROW_REF = 0x0a,
  BR = 0x0c,
  BR_TABLE = 0x0e,
  RETURN = 0x0f,
  RETURN_CALL = 0x12,
  RETURN_CALL_INDIRECT = 0x13,
  RETURN_CALL_REF = 0x15,
};

struct wsig_path_block {
  uint32_t opcode;
  uint32_t entry; /* `storing` at its begin */
  uint32_t exit; /* of the branches to its end so far; of a loop: to its head */
};

void wsig_store_paths_begin(struct wsig_store_paths *paths,
                            const struct wsig_scan *scan, uint32_t memory) {
  paths->scan = scan;
  paths->memory = memory;
  paths->count = 0;
  paths->loops = paths->storing = 0;
}

void wsig_store_paths_release(struct wsig_store_paths *paths) {
  free(paths->blocks);
  *paths = (struct wsig_store_paths){0};
}

static void join(uint32_t *storing, uint32_t other) {
  if (other < *storing) *storing = other;
}

/* ---------------------------------------------------------------- branches */

/* Label 0 is the innermost block. The label after the last block is the end of
 * the body, where nothing is asked. */
static void branch(struct wsig_store_paths *paths, uint64_t label) {
  if (label < paths->count)
    join(&paths->blocks[paths->count - 1 - label].exit, paths->storing);
}

static struct wsig_cursor cursor_of(const struct wsig_store_paths *paths,
                                    const struct wsig_operand *operand) {
  size_t payload = paths->scan->known[WSIG_WASM_SECTION_CODE]->payload;
  return wsig_scan_cursor(paths->scan, payload + (size_t)operand->offset,
                          payload + (size_t)operand->end);
}

static void branch_to_each(struct wsig_store_paths *paths,
                           const struct wsig_operand *labels) {
  struct wsig_cursor cursor = cursor_of(paths, labels);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint64_t i = 0; i <= count && !cursor.failed; i++)
    branch(paths, wsig_read_u32(&cursor));
}

/* The labels are counted from outside of the try_table, which is not open yet.
 */
static void branch_to_handlers(struct wsig_store_paths *paths,
                               const struct wsig_operand *catches) {
  enum { CATCH_ALL = 2 }; /* below: for one tag */
  struct wsig_cursor cursor = cursor_of(paths, catches);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    if (wsig_read_byte(&cursor) < CATCH_ALL) wsig_read_u32(&cursor);
    branch(paths, wsig_read_u32(&cursor));
  }
}

static void see_branches(struct wsig_store_paths *paths,
                         const struct wsig_instruction *instruction) {
  for (unsigned i = 0; i < instruction->operand_count; i++) {
    const struct wsig_operand *operand = &instruction->operands[i];
    switch (operand->kind) {
      case WSIG_OPERAND_LABEL: branch(paths, operand->value); break;
      case WSIG_OPERAND_LABELS: branch_to_each(paths, operand); break;
      case WSIG_OPERAND_CATCHES: branch_to_handlers(paths, operand); break;
      default: break;
    }
  }
}

/* Whether the next instruction is only reached by branches. */
static bool never_continues(uint32_t opcode) {
  switch (opcode) {
    case UNREACHABLE:
    case THROW:
    case RETHROW:
    case THROW_REF:
    case BR:
    case BR_TABLE:
    case RETURN:
    case RETURN_CALL:
    case RETURN_CALL_INDIRECT:
    case RETURN_CALL_REF: return true;
    default: return false;
  }
}

/* ------------------------------------------------------------------ blocks */

static void open_block(struct wsig_store_paths *paths, uint32_t opcode) {
  struct wsig_path_block *blocks = wsig_array_grow(
      paths->blocks, paths->count, &paths->capacity, sizeof *blocks);
  if (!blocks) {
    paths->failed = true;
    return;
  }
  paths->blocks = blocks;
  blocks[paths->count++] =
      (struct wsig_path_block){opcode, paths->storing, UNREACHED};
  if (opcode == WSIG_OP_LOOP) paths->loops++;
}

/* `else`, `catch`: the other branch of the block begins. */
static void begin_other(struct wsig_store_paths *paths, uint32_t opcode) {
  if (paths->count == 0) return;
  struct wsig_path_block *block = &paths->blocks[paths->count - 1];
  join(&block->exit, paths->storing);
  block->opcode = opcode;
  paths->storing = block->entry;
}

/* Returns whether the block is a loop. */
static bool end_block(struct wsig_store_paths *paths) {
  if (paths->count == 0) return false; /* the body's own end */
  const struct wsig_path_block *block = &paths->blocks[--paths->count];
  if (block->opcode == WSIG_OP_LOOP) {
    paths->loop_repeats = block->exit != UNREACHED;
    paths->loop_stores = block->exit >= paths->loops;
    paths->loops--;
  } else {
    join(&paths->storing, block->exit);
  }
  if (block->opcode == WSIG_OP_IF) join(&paths->storing, block->entry);
  if (paths->storing != UNREACHED) join(&paths->storing, paths->loops);
  return block->opcode == WSIG_OP_LOOP;
}

/* ------------------------------------------------------------------ stores */

static bool is_store(uint32_t opcode) {
  uint32_t number = opcode & 0xffff;
  switch (opcode >> 16) {
    case 0: return number >= 0x36 && number <= 0x3e;
    case 0xfd: return number == 11 || (number >= 88 && number <= 91);
    case 0xfe: return number >= 0x17 && number <= 0x4e;
    default: return false;
  }
}

static bool stores(const struct wsig_store_paths *paths,
                   const struct wsig_instruction *instruction) {
  return is_store(instruction->opcode) && instruction->operand_count > 1 &&
         instruction->operands[1].kind == WSIG_OPERAND_MEMORY &&
         instruction->operands[1].value == paths->memory;
}

bool wsig_store_paths_see(struct wsig_store_paths *paths,
                          const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  if (stores(paths, instruction)) {
    if (paths->storing < paths->loops) paths->storing = paths->loops;
    return false;
  }
  see_branches(paths, instruction);
  if (never_continues(opcode)) paths->storing = UNREACHED;
  if (opcode == WSIG_OP_ELSE || opcode == WSIG_OP_CATCH ||
      opcode == WSIG_OP_CATCH_ALL)
    begin_other(paths, opcode);
  int nesting = wsig_instruction_nesting(opcode);
  if (nesting > 0) open_block(paths, opcode);
  return nesting < 0 && end_block(paths);
}
