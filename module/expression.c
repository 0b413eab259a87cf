/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Constant expressions: the initial values of globals.
 *
 * An expression of type i32 or i64 consists only of constants, sums,
 * differences, products and other globals (3.3.14 Constant Expressions). The
 * reader computes it, on a stack that grows with the operands. It does not
 * compute an expression of another type: it only checks that each instruction
 * is allowed there.
 */
#include "instruction.h"
#include "reader.h"

#include <stdlib.h>

struct operand {
  uint64_t value;
  uint8_t type;
  bool is_known;
};

struct stack {
  struct operand *items;
  size_t count, capacity;
};

static void push(struct wsig_module *module, struct stack *stack, uint8_t type,
                 uint64_t value, bool is_known) {
  struct operand *items = wsig_array_grow(stack->items, stack->count,
                                          &stack->capacity, sizeof *items);
  if (!items) {
    wsig_cursor_break(&module->cursor, WASMSIG_ENOMEM);
    return;
  }
  stack->items = items;
  items[stack->count++] = (struct operand){
      type == WSIG_TYPE_I32 ? (uint32_t)value : value, type, is_known};
}

/* ------------------------------------------------------------ arithmetic */

static uint8_t arithmetic_type(uint32_t opcode) {
  if (opcode >= WSIG_OP_I32_ADD && opcode <= WSIG_OP_I32_MUL)
    return WSIG_TYPE_I32;
  if (opcode >= WSIG_OP_I64_ADD && opcode <= WSIG_OP_I64_MUL)
    return WSIG_TYPE_I64;
  return 0;
}

static uint64_t calculate(uint32_t opcode, uint64_t a, uint64_t b) {
  switch (opcode) {
    case WSIG_OP_I32_ADD:
    case WSIG_OP_I64_ADD: return a + b;
    case WSIG_OP_I32_SUB:
    case WSIG_OP_I64_SUB: return a - b;
    default: return a * b;
  }
}

static void combine(struct wsig_module *module, struct stack *stack,
                    const struct wsig_instruction *instruction, uint8_t type) {
  if (stack->count < 2 || stack->items[stack->count - 1].type != type ||
      stack->items[stack->count - 2].type != type) {
    wsig_cursor_fail(&module->cursor, instruction->offset,
                     "two operands of the instruction's type before it");
    return;
  }
  struct operand b = stack->items[--stack->count];
  struct operand a = stack->items[--stack->count];
  push(module, stack, type, calculate(instruction->opcode, a.value, b.value),
       a.is_known && b.is_known);
}

/* ---------------------------------------------------------------- operands */

static const struct wsig_global *find_global(
    struct wsig_module *module, const struct wsig_instruction *instruction) {
  uint64_t index = instruction->operands[0].value;
  if (index < module->global_count && !module->globals[index].is_mutable)
    return &module->globals[index];
  wsig_cursor_fail(&module->cursor, instruction->operands[0].offset,
                   "the index of an earlier, immutable global");
  return NULL;
}

static void push_global(struct wsig_module *module, struct stack *stack,
                        const struct wsig_instruction *instruction) {
  const struct wsig_global *global = find_global(module, instruction);
  if (global)
    push(module, stack, global->type, global->value,
         global->source == WASMSIG_VALUE_CONSTANT);
}

static void step(struct wsig_module *module, struct stack *stack,
                 const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  uint64_t value = instruction->operands[0].value;
  if (opcode == WSIG_OP_I32_CONST)
    push(module, stack, WSIG_TYPE_I32, value, true);
  else if (opcode == WSIG_OP_I64_CONST)
    push(module, stack, WSIG_TYPE_I64, value, true);
  else if (opcode == WSIG_OP_GLOBAL_GET)
    push_global(module, stack, instruction);
  else if (arithmetic_type(opcode))
    combine(module, stack, instruction, arithmetic_type(opcode));
  else
    wsig_cursor_fail(&module->cursor, instruction->offset,
                     "an instruction of a constant integer");
}

/* ------------------------------------------------------------ expressions */

static struct wsig_value read_integer(struct wsig_module *module,
                                      uint8_t type) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_value result = {0, WASMSIG_VALUE_COMPUTED};
  struct stack stack = {0};
  struct wsig_instruction instruction;
  while (wsig_read_instruction(cursor, &instruction) &&
         instruction.opcode != WSIG_OP_END)
    step(module, &stack, &instruction);
  const struct operand *last = stack.count == 1 ? stack.items : NULL;
  if (!cursor->failed && (!last || last->type != type))
    wsig_cursor_fail(cursor, instruction.offset,
                     "one value of the expected type before the end");
  if (!cursor->failed && last && last->is_known)
    result = (struct wsig_value){last->value, WASMSIG_VALUE_CONSTANT};
  free(stack.items);
  return result;
}

static bool is_constant(uint32_t opcode) {
  switch (opcode) {
    case WSIG_OP_I32_CONST:
    case WSIG_OP_I64_CONST:
    case WSIG_OP_F32_CONST:
    case WSIG_OP_F64_CONST:
    case WSIG_OP_GLOBAL_GET:
    case WSIG_OP_REF_NULL:
    case WSIG_OP_REF_FUNC:
    case WSIG_PREFIXED(0xfb, 0):  /* struct.new */
    case WSIG_PREFIXED(0xfb, 1):  /* struct.new_default */
    case WSIG_PREFIXED(0xfb, 6):  /* array.new */
    case WSIG_PREFIXED(0xfb, 7):  /* array.new_default */
    case WSIG_PREFIXED(0xfb, 8):  /* array.new_fixed */
    case WSIG_PREFIXED(0xfb, 26): /* any.convert_extern */
    case WSIG_PREFIXED(0xfb, 27): /* extern.convert_any */
    case WSIG_PREFIXED(0xfb, 28): /* ref.i31 */
    case WSIG_PREFIXED(0xfd, 12): /* v128.const */ return true;
    default: return arithmetic_type(opcode) != 0;
  }
}

static void check_operand(struct wsig_module *module,
                          const struct wsig_instruction *instruction) {
  const struct wsig_operand *operand = &instruction->operands[0];
  if (instruction->opcode == WSIG_OP_GLOBAL_GET) {
    find_global(module, instruction);
  } else if (instruction->opcode == WSIG_OP_REF_FUNC) {
    if (operand->value >= module->function_count)
      wsig_cursor_fail(&module->cursor, operand->offset,
                       "the index of a function that exists");
  } else if (instruction->operand_count > 0 &&
             (operand->kind == WSIG_OPERAND_TYPE ||
              operand->kind == WSIG_OPERAND_HEAP_TYPE) &&
             operand->value != WSIG_NO_INDEX &&
             operand->value >= module->type_count) {
    wsig_cursor_fail(&module->cursor, operand->offset,
                     "the index of a type that exists");
  }
}

void wsig_pass_expression(struct wsig_module *module) {
  struct wsig_cursor *cursor = &module->cursor;
  struct wsig_instruction instruction;
  bool is_empty = true;
  while (wsig_read_instruction(cursor, &instruction) &&
         instruction.opcode != WSIG_OP_END) {
    is_empty = false;
    if (!is_constant(instruction.opcode))
      wsig_cursor_fail(cursor, instruction.offset,
                       "an instruction of a constant expression");
    else
      check_operand(module, &instruction);
  }
  if (is_empty && !cursor->failed)
    wsig_cursor_fail(cursor, instruction.offset, "a constant expression");
}

struct wsig_value wsig_read_expression(struct wsig_module *module,
                                       uint8_t type) {
  if (type == WSIG_TYPE_I32 || type == WSIG_TYPE_I64)
    return read_integer(module, type);
  wsig_pass_expression(module);
  return (struct wsig_value){0, WASMSIG_VALUE_COMPUTED};
}
