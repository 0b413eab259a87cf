/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks by the code alone whether a global is the stack pointer of compiled C.
 *
 * Let S be the initial value of the global. Let R be the value that a function
 * has read from it. If the global has no name, these facts are shown for each
 * function:
 *
 *  1. Each value that is stored into the global is made from an R that the same
 *     call has read, in one of two ways:
 *       - R was only made smaller: by constants that are multiples of 16 (a
 *         frame), by a size rounded to a multiple of 16 (alloca), or by masking
 *         low bits (a frame with a larger alignment).
 *       - R was made smaller and then larger again, both by constants, and the
 *         result is R or less (the frame is released).
 *     So the global is never above S, if no size is negative or wraps around.
 *     For a size that is no constant, this condition is not shown.
 *  2. If an access is at R plus a constant, all its bytes are below R. For
 *     fills and copies this is checked if their length is a constant. Addresses
 *     that are computed otherwise (an index into an array) are not followed.
 *  3. At least one function makes a frame and releases it. A counter or an
 *     allocator does not do that. A shadow stack that reads the pointer again
 *     to release a frame (AssemblyScript's) fails at 1.
 *
 * If the global has the name __stack_pointer, the name is trusted unless the
 * code contradicts it by storing into the global
 *
 *  - a constant: frames would then be below that constant, and might overlap
 *    the words; or
 *  - R plus a constant, in a function that did not lower the global by as much
 *    before.
 *
 * Any other value is assumed to be a saved one. longjmp, exceptions and the
 * glue code of hosts restore a value that they read before. Threads and
 * coroutines have stacks of their own, which come from the program's allocator.
 *
 * In both cases, no access is at a constant address in the 16 bytes below S.
 *
 * Values are followed through the operand stack, as far as the last few values
 * of straight-line code, and through locals:
 *
 *  - An assignment counts where it has surely been executed: up to the end of
 *    its block or branch. A block that begins before the assignment, without a
 *    branch in between, is treated as if it began after it.
 *  - If a loop began after the assignment, a later assignment in the loop may
 *    be executed before the reads of the next turn. If there is such an
 *    assignment, and a value that was read in the loop was stored into the
 *    global, the global is rejected.
 *
 * All other values are unknown. Without a name, storing an unknown value means
 * rejection: the check may miss a stack pointer, but never accepts another
 * global. With a name, constants are followed through locals as well, because
 * constants are what contradicts the name.
 */
#include "analysis/stack.h"

#include "analysis/access.h"
#include "analysis/body.h"
#include "analysis/word_placement.h"

enum { WINDOW = 6, MOST_FACTS = 32, FRAME = 16 };

enum kind {
  UNKNOWN,
  CONSTANT,
  READ,    /* the value that was read, plus `value` */
  BELOW,   /* less than the value that was read */
  ROUNDED, /* a multiple of 16, unknown otherwise */
};

struct value {
  enum kind kind;
  int64_t value;
  uint32_t local; /* the local it was read from, + 1; 0: none */
};

struct fact {
  uint32_t local, depth;
  uint32_t loop; /* the outermost loop that has used it since; 0: none */
  struct value value;
};

enum { MOST_DEPTH = 1024 };

struct walk {
  const struct wsig_scan *scan;
  uint32_t global;
  uint64_t start; /* the global's initial value */
  bool is_64_bit, is_named;
  struct value stack[WINDOW]; /* [0] is the top */
  struct fact facts[MOST_FACTS];
  unsigned fact_count;
  uint32_t depth;
  uint32_t sure;   /* blocks deeper than this: no branch has left them yet */
  uint32_t beyond; /* blocks deeper than MOST_DEPTH: nothing is known there */
  bool loops[MOST_DEPTH];
  bool makes, gives_back; /* a frame, in this function */
  int64_t lowered;        /* the most that this function lowered it by */
  bool has_frame;         /* a function makes and releases a frame */
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

/* A value above the one that was read belongs to no frame. */
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

/* A constant from a local does not count: it may differ at another turn of a
 * loop. */
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

/* Masking with -32 rounds an address down. A size may be known to be small, and
 * then its mask has fewer bits: 0xffff0. */
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

/* If one factor is a constant, the product is a multiple of it. */
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

/* Forgets the local's value, and the values on the stack that came from it. */
static void drop(struct walk *walk, struct fact *fact) {
  for (unsigned i = 0; i < WINDOW; i++)
    if (walk->stack[i].local == fact->local + 1)
      walk->stack[i] = (struct value){UNKNOWN, 0, 0};
  *fact = walk->facts[--walk->fact_count];
}

/* The outermost loop that began after the assignment of the local that the
 * value came from; 0: there is none. */
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

/* A value that was read in such a loop is not followed into a second local. */
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

/* Code leaves a loop's block only through its end: branches go to its head. */
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

/* Whether no stack pointer can have this value, saved or not. The function may
 * raise the global by as much as it lowered it before. */
static bool contradicts(const struct walk *walk, struct value value) {
  return value.kind == CONSTANT ||
         (value.kind == READ && value.value > walk->lowered);
}

static void note_lowered(struct walk *walk, struct value value) {
  if (value.kind != READ)
    walk->lowered = INT64_MAX; /* by an unknown number */
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

/* An access to bytes [address, address + offset + width): all of them must be
 * in a frame, and none where the words will be. */
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

/* memory.fill, copy, init. The second operand is an address only for copy. */
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

/* False: the global was rejected, or the code cannot be read. */
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
