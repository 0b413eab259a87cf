/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds the loads that read a word whose address is known. The address of such
 * a load is a constant that one of the last few instructions put on the stack,
 * from either
 *
 *  - a constant, an immutable global, or a sum of the two, or
 *  - a local that holds such a value. Compilers put an address into a local
 *    before a loop and use it inside the loop.
 *
 * The values of locals are found in one pass, in memory of a fixed size. A
 * value that is found is never wrong:
 *
 *  1. An assignment counts only where it has surely been executed: up to the
 *     end of its block, or up to the other branch of its `if`. It still counts
 *     after the end of a loop: a branch to the loop goes to its head, so code
 *     reaches the end only through the whole loop.
 *  2. If a loop began after the assignment, a later assignment inside the loop
 *     may be executed before the reads of the next iteration. So reads inside
 *     the loop count only when the outermost such loop has ended without
 *     another assignment. If there is one, these reads are dropped.
 *
 * Two locals may need the same slot, and blocks may be nested too deeply. Then
 * it finds fewer reads, but no wrong ones.
 */
#include "polls.h"

#include <string.h>

void wsig_polls_begin(struct wsig_polls *polls) {
  polls->atomic = polls->plain = 0;
  polls->has_loop = polls->is_in_loop = false;
  polls->depth = polls->open_loops = 0;
  polls->used = 0;
  memset(polls->loops, 0, sizeof polls->loops);
  memset(polls->stack, 0, sizeof polls->stack);
}

/* ------------------------------------------------------------------ stack */

static void push(struct wsig_polls *polls, struct wsig_stacked value) {
  polls->stack[2] = polls->stack[1];
  polls->stack[1] = polls->stack[0];
  polls->stack[0] = value;
}

static struct wsig_stacked pop(struct wsig_polls *polls) {
  struct wsig_stacked top = polls->stack[0];
  polls->stack[0] = polls->stack[1];
  polls->stack[1] = polls->stack[2];
  polls->stack[2] = (struct wsig_stacked){0};
  return top;
}

static void push_constant(struct wsig_polls *polls, uint64_t value) {
  push(polls, (struct wsig_stacked){.is_known = true, .value = value});
}

static void add(struct wsig_polls *polls, bool is_64_bit) {
  struct wsig_stacked b = pop(polls), a = pop(polls);
  struct wsig_stacked sum = a.slot ? a : b;
  sum.is_known = a.is_known && b.is_known && !(a.slot && b.slot);
  sum.value = a.value + b.value;
  if (!is_64_bit) sum.value = (uint32_t)sum.value;
  push(polls, sum);
}

static void push_global(struct wsig_polls *polls, uint64_t index) {
  const struct wsig_module *module = polls->module;
  struct wsig_stacked value = {0};
  if (index < module->global_count) {
    const struct wsig_global *global = &module->globals[index];
    value.is_known =
        !global->is_mutable && global->source == WASMSIG_VALUE_CONSTANT;
    value.value = global->value;
  }
  push(polls, value);
}

/* ----------------------------------------------------------------- locals */

static bool is_loop(const struct wsig_polls *polls, uint32_t depth) {
  return polls->loops[depth / 64] >> depth % 64 & 1;
}

static bool holds(const struct wsig_polls *polls, uint64_t local) {
  unsigned slot = local % WSIG_POLLS_LOCALS;
  return polls->used >> slot & 1 && polls->slots[slot].local == local;
}

static void forget(struct wsig_polls *polls, unsigned slot) {
  polls->used &= ~(UINT64_C(1) << slot);
}

static void assign(struct wsig_polls *polls, uint64_t local,
                   const struct wsig_stacked *value) {
  unsigned slot = local % WSIG_POLLS_LOCALS;
  struct wsig_constant_local *held = &polls->slots[slot];
  bool is_constant = value->is_known && value->slot == 0;
  if (holds(polls, local)) {
    if (is_constant && held->value == value->value) return;
    forget(polls, slot);
  }
  if (!is_constant || polls->depth >= WSIG_POLLS_DEPTH) return;
  if (polls->used >> slot & 1 && held->atomic + held->plain > 0) return;
  polls->used |= UINT64_C(1) << slot;
  *held = (struct wsig_constant_local){.local = (uint32_t)local,
                                       .depth = polls->depth,
                                       .stamp = ++polls->stamp,
                                       .value = value->value};
}

static void push_local(struct wsig_polls *polls, uint64_t local) {
  unsigned slot = local % WSIG_POLLS_LOCALS;
  struct wsig_stacked value = {0};
  if (holds(polls, local) && polls->depth < WSIG_POLLS_DEPTH)
    value = (struct wsig_stacked){.is_known = true,
                                  .value = polls->slots[slot].value,
                                  .slot = slot + 1,
                                  .stamp = polls->slots[slot].stamp};
  push(polls, value);
}

/* ------------------------------------------------------------------ blocks */

static void enter(struct wsig_polls *polls, bool loop) {
  uint32_t depth = ++polls->depth;
  if (loop) polls->has_loop = true;
  if (depth >= WSIG_POLLS_DEPTH) return;
  polls->open_loops += loop;
  uint64_t bit = UINT64_C(1) << depth % 64;
  if (loop)
    polls->loops[depth / 64] |= bit;
  else
    polls->loops[depth / 64] &= ~bit;
}

/* At the end of a block, or at the end of one of its branches. */
static void leave(struct wsig_polls *polls, bool loop) {
  for (uint64_t left = polls->used; left != 0; left &= left - 1) {
    unsigned slot = (unsigned)__builtin_ctzll(left);
    struct wsig_constant_local *held = &polls->slots[slot];
    if (loop && held->atomic + held->plain > 0 && held->loop == polls->depth) {
      polls->atomic += held->atomic;
      polls->plain += held->plain;
      held->atomic = held->plain = 0;
    }
    if (held->depth < polls->depth) continue;
    if (loop)
      held->depth = polls->depth - 1;
    else
      forget(polls, slot);
  }
}

static void leave_block(struct wsig_polls *polls) {
  if (polls->depth == 0) return;
  if (polls->depth < WSIG_POLLS_DEPTH) {
    bool loop = is_loop(polls, polls->depth);
    leave(polls, loop);
    polls->open_loops -= loop;
  }
  polls->depth--;
}

static void leave_branch(struct wsig_polls *polls) {
  if (polls->depth < WSIG_POLLS_DEPTH) leave(polls, false);
}

/* ------------------------------------------------------------------- reads */

/* The outermost enclosing loop that began after the assignment; 0: none. */
static uint32_t loop_since(const struct wsig_polls *polls, uint32_t depth) {
  for (depth++; depth <= polls->depth; depth++)
    if (is_loop(polls, depth)) return depth;
  return 0;
}

static void count(struct wsig_polls *polls, const struct wsig_stacked *address,
                  bool atomic) {
  uint64_t *atomics = &polls->atomic, *plains = &polls->plain;
  if (address->slot) {
    unsigned slot = address->slot - 1;
    struct wsig_constant_local *held = &polls->slots[slot];
    if (!(polls->used >> slot & 1) || held->stamp != address->stamp) return;
    uint32_t loop = loop_since(polls, held->depth);
    if (loop) {
      held->loop = loop;
      atomics = &held->atomic;
      plains = &held->plain;
    }
  }
  ++*(atomic ? atomics : plains);
}

/* `access`: the three operands of the load's WSIG_OPERAND_ACCESS. */
static void see_read(struct wsig_polls *polls,
                     const struct wsig_stacked *address,
                     const struct wsig_operand *access, bool atomic) {
  uint64_t sum = address->value + access[2].value;
  if (polls->has_address && address->is_known &&
      access[1].value == polls->memory && sum >= address->value &&
      sum == polls->address) {
    count(polls, address, atomic);
    if (polls->open_loops > 0 || polls->depth >= WSIG_POLLS_DEPTH)
      polls->is_in_loop = true;
  }
}

static void see_load(struct wsig_polls *polls,
                     const struct wsig_instruction *instruction) {
  unsigned above = 0;
  unsigned width = wsig_instruction_plain_load(instruction->opcode);
  bool atomic = width == 0;
  if (atomic) width = wsig_instruction_atomic_load(instruction->opcode, &above);
  if (width == 0) {
    memset(polls->stack, 0, sizeof polls->stack);
    return;
  }
  see_read(polls, &polls->stack[above], instruction->operands, atomic);
  for (unsigned i = 0; i <= above; i++) pop(polls);
  push(polls, (struct wsig_stacked){0});
}

/* ------------------------------------------------------------ instructions */

static bool see_block(struct wsig_polls *polls, uint32_t opcode) {
  switch (opcode) {
    case WSIG_OP_BLOCK:
    case WSIG_OP_IF:
    case WSIG_OP_TRY:
    case WSIG_OP_TRY_TABLE: enter(polls, false); break;
    case WSIG_OP_LOOP: enter(polls, true); break;
    case WSIG_OP_END:
    case WSIG_OP_DELEGATE: leave_block(polls); break;
    case WSIG_OP_ELSE:
    case WSIG_OP_CATCH:
    case WSIG_OP_CATCH_ALL: leave_branch(polls); break;
    default: return false;
  }
  memset(polls->stack, 0, sizeof polls->stack);
  return true;
}

void wsig_polls_see(struct wsig_polls *polls,
                    const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  uint64_t operand = instruction->operands[0].value;
  switch (opcode) {
    case WSIG_OP_I32_CONST: push_constant(polls, (uint32_t)operand); return;
    case WSIG_OP_I64_CONST: push_constant(polls, operand); return;
    case WSIG_OP_GLOBAL_GET: push_global(polls, operand); return;
    case WSIG_OP_LOCAL_GET: push_local(polls, operand); return;
    case WSIG_OP_LOCAL_TEE: assign(polls, operand, &polls->stack[0]); return;
    case WSIG_OP_I32_ADD: add(polls, false); return;
    case WSIG_OP_I64_ADD: add(polls, true); return;
    case WSIG_OP_DROP: pop(polls); return;
    case WSIG_OP_LOCAL_SET: {
      struct wsig_stacked value = pop(polls);
      assign(polls, operand, &value);
      return;
    }
    default:
      if (!see_block(polls, opcode)) see_load(polls, instruction);
  }
}
