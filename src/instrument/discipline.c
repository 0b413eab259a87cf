/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether a global is the stack pointer of compiled C, told by the code alone.
 *
 * Let S be its value at the start. What is shown, function by function:
 *
 *  1. Each value that is stored into it was read from it, in the same call, and
 *     then only made smaller: by constants that are multiples of 16 (a frame),
 *     by a size rounded to a multiple of 16 (alloca), by masking low bits (a
 *     frame with a larger alignment). Or was made smaller and then larger again
 *     by constants, to what was read or less (the frame is given back). So the
 *     global never is above S, but for sizes that wrap around.
 *  2. Where an address is what was read and a constant, it lies in the frame:
 *     no such address is at what was read, or above.
 *  3. At least once, a frame is made and given back. A counter or an allocator
 *     does not do that; a shadow stack that reads the pointer again to give a
 *     frame back (AssemblyScript's) fails at 1.
 *
 * Values are followed through the operand stack, as far as the last few of a
 * straight line of code, and through locals:
 *
 *  - An assignment counts where it is sure to have come before: up to the end
 *    of its block, or of its branch. Blocks that begin before it with no way
 *    out yet are as if they began after it.
 *  - In a loop that began after the assignment, a later assignment may come
 *    first at the next turn. If there is one, and what was read in that loop
 *    went into the global, the global is refused.
 *
 * What is not seen is unknown, and an unknown value that is stored is refused:
 * the walk can only fail to recognise a stack pointer.
 */
#include "stack.h"

#include "body.h"

enum { WINDOW = 6, MOST_FACTS = 32, FRAME = 16 };

enum kind {
  UNKNOWN,
  CONSTANT,
  READ,    /* what was read, and `value` */
  BELOW,   /* less than what was read */
  ROUNDED, /* a multiple of 16, or more */
};

struct value {
  enum kind kind;
  int64_t value;
  uint32_t local; /* that it was read from, + 1; 0: none */
};

struct fact {
  uint32_t local, depth;
  uint32_t loop; /* the outermost one that has used it since; 0: none */
  struct value value;
};

enum { MOST_DEPTH = 1024 };

struct walk {
  uint32_t global;
  struct value stack[WINDOW]; /* [0] is the top */
  struct fact facts[MOST_FACTS];
  unsigned fact_count;
  uint32_t depth;
  uint32_t sure; /* blocks inside of this one have been entered for sure */
  bool loops[MOST_DEPTH];
  bool makes, gives_back; /* a frame, in this function */
  bool has_frame;         /* both, in one */
  bool is_refused;
};

/* ------------------------------------------------------------------- stack */

static void push_value(struct walk *walk, struct value value) {
  for (unsigned i = WINDOW - 1; i > 0; i--) walk->stack[i] = walk->stack[i - 1];
  walk->stack[0] = value;
}

static void push(struct walk *walk, enum kind kind, int64_t value) {
  push_value(walk, (struct value){kind, value, 0});
}

static struct value pop(struct walk *walk) {
  struct value top = walk->stack[0];
  for (unsigned i = 1; i < WINDOW; i++) walk->stack[i - 1] = walk->stack[i];
  walk->stack[WINDOW - 1] = (struct value){UNKNOWN, 0, 0};
  return top;
}

static void forget_stack(struct walk *walk) {
  for (unsigned i = 0; i < WINDOW; i++)
    walk->stack[i] = (struct value){UNKNOWN, 0, 0};
}

/* -------------------------------------------------------------- arithmetic */

static bool is_small(int64_t value) {
  return value > -(INT64_C(1) << 30) && value < INT64_C(1) << 30;
}

/* Above what was read: of no frame. */
static void push_moved(struct walk *walk, struct value read, int64_t by) {
  read.value += by;
  if (read.value > 0 || !is_small(read.value)) walk->is_refused = true;
  push_value(walk, read);
}

static void push_below(struct walk *walk, struct value read) {
  read.kind = BELOW;
  read.value = 0;
  push_value(walk, read);
}

static bool is_ours(struct value value) {
  return value.kind == READ || value.kind == BELOW;
}

static bool is_constant(struct value value) {
  return value.kind == CONSTANT && is_small(value.value);
}

static void add(struct walk *walk) {
  struct value b = pop(walk), a = pop(walk);
  if (is_constant(a) && b.kind == READ)
    push_moved(walk, b, a.value);
  else if (a.kind == READ && is_constant(b))
    push_moved(walk, a, b.value);
  else
    push(walk, UNKNOWN, 0);
}

static void subtract(struct walk *walk) {
  struct value b = pop(walk), a = pop(walk);
  if (a.kind == READ && is_constant(b))
    push_moved(walk, a, -b.value);
  else if ((is_ours(a) && b.kind == ROUNDED) ||
           (a.kind == BELOW && is_constant(b) && b.value >= 0 &&
            b.value % FRAME == 0))
    push_below(walk, a);
  else
    push(walk, UNKNOWN, 0);
}

/* -32 rounds an address down. A size is known to be small at times, and so are
 * its masks: 0xffff0. */
static void mask(struct walk *walk) {
  struct value b = pop(walk), a = pop(walk);
  bool is_rounding = is_constant(b) && b.value != 0 && b.value % FRAME == 0;
  bool is_power = (-b.value & (-b.value - 1)) == 0;
  if (is_ours(a) && is_rounding && b.value < 0 && is_power)
    push_below(walk, a);
  else
    push(walk, is_rounding && !is_ours(a) ? ROUNDED : UNKNOWN, 0);
}

/* ------------------------------------------------------------------ locals */

static struct fact *find(struct walk *walk, uint64_t local) {
  for (unsigned i = 0; i < walk->fact_count; i++)
    if (walk->facts[i].local == local) return &walk->facts[i];
  return NULL;
}

/* Nothing is known of it any more, nor of what it has put on the stack. */
static void drop(struct walk *walk, struct fact *fact) {
  for (unsigned i = 0; i < WINDOW; i++)
    if (walk->stack[i].local == fact->local + 1)
      walk->stack[i] = (struct value){UNKNOWN, 0, 0};
  *fact = walk->facts[--walk->fact_count];
}

/* The outermost loop that began since a local was given what the value was made
 * of; 0: there is none. */
static uint32_t loop_since(struct walk *walk, struct value value) {
  struct fact *fact = value.local > 0 ? find(walk, value.local - 1) : NULL;
  if (!fact) return 0;
  for (uint32_t i = fact->depth + 1; i <= walk->depth; i++)
    if (walk->loops[i]) return i;
  return 0;
}

/* What was read in such a loop is not followed into a second local. */
static void assign(struct walk *walk, uint64_t local, struct value value) {
  bool is_followed = is_ours(value) && loop_since(walk, value) == 0;
  struct fact *fact = find(walk, local);
  if (fact && fact->loop > 0) walk->is_refused = true;
  if (fact) drop(walk, fact);
  if (!is_followed || walk->fact_count == MOST_FACTS) return;
  walk->facts[walk->fact_count++] = (struct fact){
      .local = (uint32_t)local, .depth = walk->sure, .value = value};
}

static void push_local(struct walk *walk, uint64_t local) {
  struct fact *fact = find(walk, local);
  struct value value = {UNKNOWN, 0, 0};
  if (fact) value = fact->value;
  value.local = (uint32_t)local + 1;
  push_value(walk, value);
}

/* ------------------------------------------------------------------ blocks */

static void enter(struct walk *walk, uint32_t opcode) {
  if (++walk->depth >= MOST_DEPTH) {
    walk->is_refused = true;
    walk->depth = MOST_DEPTH - 1;
  }
  walk->loops[walk->depth] = opcode == WSIG_OP_LOOP;
  if (opcode != WSIG_OP_BLOCK) walk->sure = walk->depth;
}

/* Of a loop one only falls out. */
static void leave(struct walk *walk, bool is_loop) {
  for (unsigned i = walk->fact_count; i-- > 0;) {
    struct fact *fact = &walk->facts[i];
    if (is_loop && fact->loop == walk->depth) fact->loop = 0;
    if (fact->depth < walk->depth) continue;
    if (is_loop)
      fact->depth = walk->depth - 1;
    else
      drop(walk, fact);
  }
}

static void leave_block(struct walk *walk) {
  if (walk->depth == 0) return;
  leave(walk, walk->loops[walk->depth]);
  walk->depth--;
  if (walk->sure > walk->depth) walk->sure = walk->depth;
}

static bool is_branch(uint32_t opcode) {
  enum { BR = 0x0c, BR_TABLE = 0x0e, BR_ON_NULL = 0xd5, BR_ON_NON_NULL = 0xd6 };
  return (opcode >= BR && opcode <= BR_TABLE) || opcode == BR_ON_NULL ||
         opcode == BR_ON_NON_NULL || opcode == WSIG_PREFIXED(0xfb, 24) ||
         opcode == WSIG_PREFIXED(0xfb, 25); /* br_on_cast ... */
}

static void see_control(struct walk *walk, uint32_t opcode) {
  switch (opcode) {
    case WSIG_OP_BLOCK:
    case WSIG_OP_IF:
    case WSIG_OP_TRY:
    case WSIG_OP_TRY_TABLE:
    case WSIG_OP_LOOP: enter(walk, opcode); break;
    case WSIG_OP_ELSE:
    case WSIG_OP_CATCH:
    case WSIG_OP_CATCH_ALL: leave(walk, false); break;
    case WSIG_OP_END:
    case WSIG_OP_DELEGATE: leave_block(walk); break;
    default:
      if (is_branch(opcode)) walk->sure = walk->depth;
  }
  forget_stack(walk);
}

/* ------------------------------------------------------------ instructions */

static void set(struct walk *walk, uint64_t global) {
  struct value value = pop(walk);
  if (global != walk->global) return;
  struct fact *fact = value.local > 0 ? find(walk, value.local - 1) : NULL;
  if (fact && fact->loop == 0) fact->loop = loop_since(walk, value);
  bool is_frame = value.kind == READ && value.value % FRAME == 0;
  if (!is_frame && value.kind != BELOW) walk->is_refused = true;
  if (value.kind == BELOW || value.value < 0) walk->makes = true;
  if (value.kind == READ && value.value == 0) walk->gives_back = true;
}

/* Loads have their address on top, stores a value above it. */
static void see_access(struct walk *walk,
                       const struct wsig_instruction *instruction) {
  const struct wsig_operand *operands = instruction->operands;
  bool is_store = instruction->opcode >= 0x36;
  if (is_store) pop(walk);
  struct value address = pop(walk);
  if (address.kind == READ && operands[1].value == 0 &&
      (operands[2].value > INT32_MAX ||
       address.value + (int64_t)operands[2].value >= 0))
    walk->is_refused = true;
  if (!is_store) push(walk, UNKNOWN, 0);
}

/* By a constant: what comes out is a multiple of it. */
static void multiply(struct walk *walk, bool is_shift) {
  struct value b = pop(walk);
  pop(walk);
  bool is_rounded =
      is_constant(b) && (is_shift ? b.value >= 4 && b.value < 32
                                  : b.value >= 0 && b.value % FRAME == 0);
  push(walk, is_rounded ? ROUNDED : UNKNOWN, 0);
}

static void see(struct walk *walk, const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  uint64_t operand = instruction->operands[0].value;
  switch (opcode) {
    case WSIG_OP_GLOBAL_GET:
      push(walk, operand == walk->global ? READ : UNKNOWN, 0);
      return;
    case WSIG_OP_GLOBAL_SET: set(walk, operand); return;
    case WSIG_OP_LOCAL_GET: push_local(walk, operand); return;
    case WSIG_OP_LOCAL_SET: assign(walk, operand, pop(walk)); return;
    case WSIG_OP_LOCAL_TEE: assign(walk, operand, walk->stack[0]); return;
    case WSIG_OP_I32_CONST:
    case WSIG_OP_I64_CONST: push(walk, CONSTANT, (int64_t)operand); return;
    case WSIG_OP_DROP: pop(walk); return;
    case WSIG_OP_I32_ADD:
    case WSIG_OP_I64_ADD: add(walk); return;
    case WSIG_OP_I32_SUB:
    case WSIG_OP_I64_SUB: subtract(walk); return;
    case WSIG_OP_I32_MUL: multiply(walk, false); return;
    case WSIG_OP_I32_SHL: multiply(walk, true); return;
    case WSIG_OP_I32_AND:
    case WSIG_OP_I64_AND: mask(walk); return;
    default: break;
  }
  if (opcode >= 0x28 && opcode <= 0x3e)
    see_access(walk, instruction);
  else
    see_control(walk, opcode);
}

static void begin(struct walk *walk) {
  forget_stack(walk);
  walk->fact_count = 0;
  walk->depth = walk->sure = 0;
  walk->makes = walk->gives_back = false;
}

bool wsig_is_stack_pointer(const struct wsig_scan *scan, uint32_t global) {
  struct walk walk = {.global = global};
  struct wsig_bodies bodies;
  struct wsig_body body;
  struct wsig_instruction instruction;
  wsig_bodies_open(&bodies, scan);
  while (!walk.is_refused && wsig_bodies_next(&bodies, &body)) {
    begin(&walk);
    while (wsig_body_instruction(&bodies, &body, &instruction))
      see(&walk, &instruction);
    if (walk.makes && walk.gives_back) walk.has_frame = true;
  }
  return walk.has_frame && !walk.is_refused && !bodies.cursor.failed;
}
