/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether a global is the stack pointer of compiled C, told by the code alone.
 *
 * Let S be its value at the start. Of a global without a name this is shown,
 * function by function:
 *
 *  1. Each value that is stored into it was read from it, in the same call, and
 *     then only made smaller: by constants that are multiples of 16 (a frame),
 *     by a size rounded to a multiple of 16 (alloca), by masking low bits (a
 *     frame with a larger alignment). Or was made smaller and then larger again
 *     by constants, to what was read or less (the frame is given back). So the
 *     global never is above S, as long as no size is negative or wraps around:
 *     that is not shown of a size that is no constant.
 *  2. An access whose address is what was read and a constant lies below what
 *     was read, all its bytes do; of fills and copies those whose length is a
 *     constant. Addresses that are computed otherwise (an index into an array)
 *     are not followed.
 *  3. At least once, a frame is made and given back. A counter or an allocator
 *     does not do that; a shadow stack that reads the pointer again to give a
 *     frame back (AssemblyScript's) fails at 1.
 *
 * Of one that is called __stack_pointer, the name is believed, unless the code
 * contradicts it: a constant is stored into it (frames would then be made below
 * that, and perhaps over the words), or what was read and more by a constant,
 * in a function that did not lower it by as much before. Any other value is
 * taken for one that was saved: longjmp, exceptions, and the glue of hosts give
 * back what they read before; threads and coroutines bring a stack of their
 * own, which comes from the program's allocator.
 *
 * Of both, no access is at a constant address within the 16 bytes below S.
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
 * What is not seen is unknown. Without a name, an unknown value that is stored
 * is refused: the walk can only fail to recognise a stack pointer. With one,
 * constants are followed through locals, too: they are what contradicts it.
 */
#include "analysis/stack.h"

#include "analysis/access.h"
#include "analysis/body.h"
#include "analysis/word_placement.h"

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
  const struct wsig_scan *scan;
  uint32_t global;
  uint64_t start; /* its value at the start */
  bool is_64_bit, is_named;
  struct value stack[WINDOW]; /* [0] is the top */
  struct fact facts[MOST_FACTS];
  unsigned fact_count;
  uint32_t depth;
  uint32_t sure;   /* blocks inside of this one have been entered for sure */
  uint32_t beyond; /* blocks inside of the deepest: nothing is known there */
  bool loops[MOST_DEPTH];
  bool makes, gives_back; /* a frame, in this function */
  int64_t lowered;        /* by how much at most, at one time in it */
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
  if (!walk->is_named && (read.value > 0 || !is_small(read.value)))
    walk->is_refused = true;
  push_value(walk, is_small(read.value) ? read : (struct value){UNKNOWN, 0, 0});
}

static void push_below(struct walk *walk, struct value read) {
  read.kind = BELOW;
  read.value = 0;
  push_value(walk, read);
}

static bool is_ours(struct value value) {
  return value.kind == READ || value.kind == BELOW;
}

/* Not one that a local had once: at another turn of a loop it may be another.
 */
static bool is_constant(struct value value) {
  return value.kind == CONSTANT && value.local == 0 && is_small(value.value);
}

static bool are_constants(struct value a, struct value b) {
  return is_constant(a) && is_constant(b);
}

static void add(struct walk *walk) {
  struct value b = pop(walk), a = pop(walk);
  if (are_constants(a, b))
    push(walk, CONSTANT, a.value + b.value);
  else if (is_constant(a) && b.kind == READ)
    push_moved(walk, b, a.value);
  else if (a.kind == READ && is_constant(b))
    push_moved(walk, a, b.value);
  else
    push(walk, UNKNOWN, 0);
}

static void subtract(struct walk *walk) {
  struct value b = pop(walk), a = pop(walk);
  if (are_constants(a, b))
    push(walk, CONSTANT, a.value - b.value);
  else if (a.kind == READ && is_constant(b))
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
  if (are_constants(a, b))
    push(walk, CONSTANT, a.value & b.value);
  else if (is_ours(a) && is_rounding && b.value < 0 && is_power)
    push_below(walk, a);
  else
    push(walk, is_rounding && !is_ours(a) ? ROUNDED : UNKNOWN, 0);
}

/* By a constant: what comes out is a multiple of it. */
static void multiply(struct walk *walk, bool is_shift) {
  struct value b = pop(walk), a = pop(walk);
  bool has_factor =
      is_constant(b) && b.value >= 0 && (!is_shift || b.value < 32);
  int64_t factor = has_factor && is_shift ? INT64_C(1) << b.value : b.value;
  if (has_factor && is_constant(a))
    push(walk, CONSTANT, (int32_t)(uint32_t)(uint64_t)(a.value * factor));
  else
    push(walk, has_factor && factor % FRAME == 0 ? ROUNDED : UNKNOWN, 0);
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

static bool is_of_interest(const struct walk *walk, struct value value) {
  return is_ours(value) || (walk->is_named && value.kind == CONSTANT);
}

/* What was read in such a loop is not followed into a second local. */
static void assign(struct walk *walk, uint64_t local, struct value value) {
  bool is_followed = is_of_interest(walk, value) && walk->beyond == 0 &&
                     loop_since(walk, value) == 0;
  struct fact *fact = find(walk, local);
  if (fact && fact->loop > 0 && !walk->is_named) walk->is_refused = true;
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
  if (walk->depth == MOST_DEPTH - 1) {
    if (!walk->is_named) walk->is_refused = true;
    walk->fact_count = 0;
    walk->beyond++;
    return;
  }
  walk->depth++;
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
  if (walk->beyond > 0) {
    walk->beyond--;
    return;
  }
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

/* Whether the global becomes what no stack pointer is, saved or not: it may be
 * raised again by as much as it was lowered before in this function. */
static bool contradicts(const struct walk *walk, struct value value) {
  return value.kind == CONSTANT ||
         (value.kind == READ && value.value > walk->lowered);
}

static void note_lowered(struct walk *walk, struct value value) {
  if (value.kind != READ)
    walk->lowered = INT64_MAX; /* by what is not known */
  else if (-value.value > walk->lowered)
    walk->lowered = -value.value;
}

static void set(struct walk *walk, uint64_t global) {
  struct value value = pop(walk);
  if (global != walk->global) return;
  struct fact *fact = value.local > 0 ? find(walk, value.local - 1) : NULL;
  if (fact && fact->loop == 0) fact->loop = loop_since(walk, value);
  bool is_frame = value.kind == READ && value.value % FRAME == 0;
  bool is_allowed = walk->is_named ? !contradicts(walk, value)
                                   : is_frame || value.kind == BELOW;
  if (!is_allowed) walk->is_refused = true;
  note_lowered(walk, value);
  if (value.kind == BELOW || value.value < 0) walk->makes = true;
  if (value.kind == READ && value.value == 0) walk->gives_back = true;
}

static bool is_constant_global(const struct wsig_module *module,
                               uint64_t global) {
  return global < module->global_count && !module->globals[global].is_mutable &&
         module->globals[global].source == WASMSIG_VALUE_CONSTANT;
}

static void get(struct walk *walk, uint64_t global) {
  const struct wsig_module *module = &walk->scan->module;
  if (global == walk->global)
    push(walk, READ, 0);
  else if (is_constant_global(module, global))
    push(walk, CONSTANT, (int64_t)module->globals[global].value);
  else
    push(walk, UNKNOWN, 0);
}

/* Accesses bytes [address, address + offset + width): all must be in a frame,
 * and none where the words will be. */
static void touch(struct walk *walk, struct value address, uint64_t offset,
                  uint64_t width) {
  bool is_far = offset > INT32_MAX || width > INT32_MAX;
  int64_t end = is_far ? INT64_MAX : (int64_t)(offset + width);
  if (address.kind == READ && !walk->is_named &&
      (is_far || address.value + end > 0))
    walk->is_refused = true;
  if (address.kind != CONSTANT) return;
  uint64_t at =
      (walk->is_64_bit ? (uint64_t)address.value : (uint32_t)address.value) +
      offset;
  if (width > 0 && at < walk->start &&
      (is_far || at + width > walk->start - WSIG_WORDS_SIZE))
    walk->is_refused = true;
}

static void see_access(struct walk *walk, const struct wsig_access *access) {
  for (unsigned i = 0; i < access->above; i++) pop(walk);
  touch(walk, pop(walk), access->offset, access->width);
  if (access->gives) push(walk, UNKNOWN, 0);
}

/* memory.fill, copy, init: to an address, from another or what is none. */
static void see_bulk(struct walk *walk, bool is_copy) {
  struct value length = pop(walk), from = pop(walk), to = pop(walk);
  uint64_t width = is_constant(length) ? (uint32_t)length.value : 1;
  touch(walk, to, 0, width);
  if (is_copy) touch(walk, from, 0, width);
}

static void see(struct walk *walk, const struct wsig_instruction *instruction) {
  uint32_t opcode = instruction->opcode;
  uint64_t operand = instruction->operands[0].value;
  switch (opcode) {
    case WSIG_OP_GLOBAL_GET: get(walk, operand); return;
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
    case WSIG_PREFIXED(0xfc, 8):  /* memory.init */
    case WSIG_PREFIXED(0xfc, 11): /* memory.fill */
      see_bulk(walk, false);
      return;
    case WSIG_PREFIXED(0xfc, 10): /* memory.copy */
      see_bulk(walk, true);
      return;
    default: break;
  }
  struct wsig_access access;
  if (wsig_access_of(instruction, &access))
    see_access(walk, &access);
  else
    see_control(walk, opcode);
}

static void begin(struct walk *walk) {
  forget_stack(walk);
  walk->fact_count = 0;
  walk->depth = walk->sure = walk->beyond = 0;
  walk->makes = walk->gives_back = false;
  walk->lowered = 0;
}

/* False: it was refused, or cannot be read. */
static bool walk_all(struct walk *walk) {
  struct wsig_bodies bodies;
  struct wsig_body body;
  struct wsig_instruction instruction;
  wsig_bodies_open(&bodies, walk->scan);
  while (!walk->is_refused && wsig_bodies_next(&bodies, &body)) {
    begin(walk);
    while (wsig_body_instruction(&bodies, &body, &instruction))
      see(walk, &instruction);
    if (walk->makes && walk->gives_back) walk->has_frame = true;
  }
  return !walk->is_refused && !bodies.cursor.failed;
}

static struct walk walk_of(const struct wsig_scan *scan, uint32_t global) {
  return (struct walk){.scan = scan,
                       .global = global,
                       .start = scan->module.globals[global].value,
                       .is_64_bit = scan->report.memory.is_64_bit};
}

bool wsig_is_stack_pointer(const struct wsig_scan *scan, uint32_t global) {
  struct walk walk = walk_of(scan, global);
  return walk_all(&walk) && walk.has_frame;
}

bool wsig_may_be_stack_pointer(const struct wsig_scan *scan, uint32_t global) {
  struct walk walk = walk_of(scan, global);
  walk.is_named = true;
  return walk_all(&walk);
}
