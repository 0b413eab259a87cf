/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The walk follows values through the operand stack of straight-line code and
 * through locals, in the order of the code. It ignores branches. So it may see
 * a frame that no execution makes, or miss one. That suffices to recognise a
 * compiler: its code has thousands of frames.
 *
 * A constant address counts only if the access follows its constant in
 * straight-line code. A local may be in between, as in code that was compiled
 * without optimisation. After a label, where paths join, a local may have
 * another value. So a null pointer of one path is no address of the others.
 */
#include "analysis/c_stack.h"

#include "analysis/access.h"
#include "analysis/body.h"

enum { WINDOW = 6, MOST_LOCALS = 16, FRAME = 16 };

enum kind {
  UNKNOWN,
  CONSTANT,
  READ, /* what the global's value was, plus `by` */
};

struct value {
  enum kind kind;
  bool is_vague; /* it came from a local that may have another value */
  int64_t by;
};

struct walk {
  const struct wsig_scan *scan;
  struct wsig_c_stack *stack;
  struct wsig_low_addresses *low;
  uint32_t function;
  struct value operands[WINDOW]; /* [0] is the top */
  struct {
    uint64_t local;
    struct value value;
    bool is_vague;       /* a label followed the assignment */
  } locals[MOST_LOCALS]; /* those assigned last */
  unsigned next;         /* the oldest of them */
  bool makes_frame;
};

/* ---------------------------------------------------------------- operands */

static void push(struct walk *walk, struct value value) {
  for (unsigned i = WINDOW - 1; i > 0; i--)
    walk->operands[i] = walk->operands[i - 1];
  walk->operands[0] = value;
}

static struct value pop(struct walk *walk) {
  struct value top = walk->operands[0];
  for (unsigned i = 1; i < WINDOW; i++)
    walk->operands[i - 1] = walk->operands[i];
  walk->operands[WINDOW - 1] = (struct value){UNKNOWN, false, 0};
  return top;
}

static void forget_operands(struct walk *walk) {
  for (unsigned i = 0; i < WINDOW; i++)
    walk->operands[i] = (struct value){UNKNOWN, false, 0};
}

static void add(struct walk *walk, int sign) {
  struct value b = pop(walk), a = pop(walk);
  if (a.kind == CONSTANT && b.kind == READ && sign > 0) {
    struct value other = a;
    a = b, b = other;
  }
  bool is_known = a.kind != UNKNOWN && b.kind == CONSTANT;
  uint64_t by = (uint64_t)a.by + (uint64_t)sign * (uint64_t)b.by;
  push(walk, is_known
                 ? (struct value){a.kind, a.is_vague || b.is_vague, (int64_t)by}
                 : (struct value){UNKNOWN, false, 0});
}

/* ------------------------------------------------------------------ locals */

static void assign(struct walk *walk, uint64_t local, struct value value) {
  unsigned at = 0;
  while (at < MOST_LOCALS && walk->locals[at].local != local) at++;
  if (at == MOST_LOCALS) {
    if (value.kind == UNKNOWN) return;
    at = walk->next;
    walk->next = (walk->next + 1) % MOST_LOCALS;
  }
  walk->locals[at].local = local;
  walk->locals[at].value = value;
  walk->locals[at].is_vague = false;
}

static void push_local(struct walk *walk, uint64_t local) {
  struct value value = {UNKNOWN, false, 0};
  for (unsigned i = 0; i < MOST_LOCALS; i++) {
    if (walk->locals[i].local != local) continue;
    value = walk->locals[i].value;
    if (walk->locals[i].is_vague) value.is_vague = true;
  }
  push(walk, value);
}

/* At a label, other paths may have assigned other values. */
static void blur_locals(struct walk *walk) {
  for (unsigned i = 0; i < MOST_LOCALS; i++) walk->locals[i].is_vague = true;
}

/* ------------------------------------------------------------ instructions */

static void get(struct walk *walk, uint64_t global) {
  bool is_ours = global == walk->stack->global;
  push(walk, (struct value){is_ours ? READ : UNKNOWN, false, 0});
}

static void set(struct walk *walk, uint64_t global) {
  struct value value = pop(walk);
  if (global != walk->stack->global || value.kind != READ) return;
  if (value.by < 0 && value.by % FRAME == 0) walk->makes_frame = true;
  if (value.by != 0 || !walk->makes_frame || walk->stack->is_found) return;
  walk->stack->is_found = true;
  walk->stack->function = walk->function;
}

/* An access to `width` bytes at address + offset. */
static void touch(struct walk *walk, struct value address, uint64_t offset,
                  uint64_t width) {
  enum { END = WSIG_LOW_UNITS * WSIG_LOW_UNIT };
  if (address.kind != CONSTANT || address.is_vague) return;
  bool is_wide = walk->scan->report.memory.is_64_bit;
  uint64_t at = is_wide ? (uint64_t)address.by : (uint32_t)address.by;
  if (at >= END || offset >= END - at) return;
  at += offset;
  uint64_t end = width < END - at ? at + width : END;
  for (uint64_t unit = at / WSIG_LOW_UNIT; unit * WSIG_LOW_UNIT < end; unit++)
    walk->low->is_used[unit] = true;
}

static void see_access(struct walk *walk, const struct wsig_access *access) {
  for (unsigned i = 0; i < access->above; i++) pop(walk);
  touch(walk, pop(walk), access->offset, access->width);
  if (access->gives) push(walk, (struct value){UNKNOWN, false, 0});
}

/* `length` bytes at a constant address. An unknown length may reach any address
 * above. But at a null pointer, and at Rust's addresses of nothing, which are
 * alignments, it is 0 in a program without defects. */
static void touch_bytes(struct walk *walk, struct value address,
                        struct value length) {
  enum { ALIGNMENT_MOST = 16 };
  uint64_t width = address.by > ALIGNMENT_MOST ? UINT64_MAX : 1;
  if (length.kind == CONSTANT && !length.is_vague) width = (uint64_t)length.by;
  touch(walk, address, 0, width);
}

/* memory.fill, copy, init. The second operand is an address only for copy. */
static void see_bulk(struct walk *walk, bool is_copy) {
  struct value length = pop(walk), from = pop(walk), to = pop(walk);
  touch_bytes(walk, to, length);
  if (is_copy) touch_bytes(walk, from, length);
}

/* Whether other paths may reach the next instruction. */
static bool is_label(uint32_t opcode) {
  return opcode == WSIG_OP_LOOP || opcode == WSIG_OP_ELSE ||
         opcode == WSIG_OP_CATCH || opcode == WSIG_OP_CATCH_ALL ||
         wsig_instruction_nesting(opcode) < 0;
}

static void see(struct walk *walk, const struct wsig_instruction *instruction) {
  uint64_t operand = instruction->operands[0].value;
  struct wsig_access access;
  switch (instruction->opcode) {
    case WSIG_OP_GLOBAL_GET: get(walk, operand); return;
    case WSIG_OP_GLOBAL_SET: set(walk, operand); return;
    case WSIG_OP_LOCAL_GET: push_local(walk, operand); return;
    case WSIG_OP_LOCAL_SET: assign(walk, operand, pop(walk)); return;
    case WSIG_OP_LOCAL_TEE: assign(walk, operand, walk->operands[0]); return;
    case WSIG_OP_I32_CONST:
    case WSIG_OP_I64_CONST:
      push(walk, (struct value){CONSTANT, false, (int64_t)operand});
      return;
    case WSIG_OP_DROP: pop(walk); return;
    case WSIG_OP_I32_ADD:
    case WSIG_OP_I64_ADD: add(walk, 1); return;
    case WSIG_OP_I32_SUB:
    case WSIG_OP_I64_SUB: add(walk, -1); return;
    case WSIG_PREFIXED(0xfc, 8):  /* memory.init */
    case WSIG_PREFIXED(0xfc, 11): /* memory.fill */
      see_bulk(walk, false);
      return;
    case WSIG_PREFIXED(0xfc, 10): /* memory.copy */
      see_bulk(walk, true);
      return;
    default: break;
  }
  if (wsig_access_of(instruction, &access)) {
    see_access(walk, &access);
    return;
  }
  if (is_label(instruction->opcode)) blur_locals(walk);
  forget_operands(walk);
}

static void begin(struct walk *walk, uint32_t function) {
  walk->function = function;
  walk->makes_frame = false;
  forget_operands(walk);
  for (unsigned i = 0; i < MOST_LOCALS; i++) walk->locals[i].local = UINT64_MAX;
}

/* The first mutable global, if its type is that of an address, and its initial
 * value is known and can be the end of a stack. */
static uint32_t candidate(const struct wsig_scan *scan) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  uint8_t type = memory->is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32;
  for (uint64_t i = scan->imported_globals; i < scan->module.global_count;
       i++) {
    const struct wsig_global *global = &scan->module.globals[i];
    if (!global->is_mutable) continue;
    bool is_pointer = global->type == type &&
                      global->source == WASMSIG_VALUE_CONSTANT &&
                      global->value > 0 && global->value % FRAME == 0 &&
                      (global->value - 1) >> 16 < memory->minimum_pages;
    return is_pointer ? (uint32_t)i : UINT32_MAX;
  }
  return UINT32_MAX;
}

bool wsig_c_stack_find(struct wsig_c_stack *stack,
                       struct wsig_low_addresses *low,
                       const struct wsig_scan *scan) {
  *stack = (struct wsig_c_stack){.global = candidate(scan)};
  *low = (struct wsig_low_addresses){0};
  if (stack->global != UINT32_MAX)
    stack->start = scan->module.globals[stack->global].value;
  struct walk walk = {.scan = scan, .stack = stack, .low = low};
  struct wsig_bodies bodies;
  struct wsig_body body;
  struct wsig_instruction instruction;
  wsig_bodies_open(&bodies, scan);
  while (wsig_bodies_next(&bodies, &body)) {
    begin(&walk, body.function);
    while (wsig_body_instruction(&bodies, &body, &instruction))
      see(&walk, &instruction);
  }
  return !bodies.cursor.failed;
}
