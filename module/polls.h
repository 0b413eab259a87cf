/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Counts a function's reads of one word. For one function after the other:
 *
 *     wsig_polls_begin(&polls);
 *     ... wsig_polls_see(&polls, &instruction) for each instruction
 *     polls.atomic, polls.plain
 */
#ifndef WSIG_MODULE_POLLS_H
#define WSIG_MODULE_POLLS_H

#include "instruction.h"
#include "reader.h"

#define WSIG_POLLS_WINDOW 3
#define WSIG_POLLS_LOCALS 64
#define WSIG_POLLS_DEPTH 256

/** A value on the stack. */
struct wsig_stacked {
  bool is_known;
  uint64_t value;
  unsigned slot; /* of the local it was read from, + 1; 0: of none */
  uint32_t stamp;
};

/** A local that holds a constant. */
struct wsig_constant_local {
  uint32_t local, depth, loop, stamp;
  uint64_t value;
  uint64_t atomic, plain; /* reads that count when `loop` has ended */
};

struct wsig_polls {
  const struct wsig_module *module;
  bool has_address;
  uint64_t address;
  uint32_t memory;
  uint64_t atomic, plain;    /* in this function */
  bool has_loop, is_in_loop; /* a read is in a loop */
  uint32_t open_loops;
  struct wsig_stacked stack[WSIG_POLLS_WINDOW]; /* [0] is the top */
  uint32_t depth, stamp;
  uint64_t loops[WSIG_POLLS_DEPTH / 64]; /* a bit for each depth */
  uint64_t used;                         /* a bit for each slot */
  struct wsig_constant_local slots[WSIG_POLLS_LOCALS];
};

void wsig_polls_begin(struct wsig_polls *polls);
void wsig_polls_see(struct wsig_polls *polls,
                    const struct wsig_instruction *instruction);

#endif
