/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Recognises code that LLVM compiled, and finds accesses to low addresses.
 *
 * LLVM keeps the C stack in memory, and its pointer in a global of the module.
 * The linker defines this global before all others. It is recognised by what
 * the code does with it, not by a name: a function stores the value that it
 * read, minus the size of its frame, and later stores the value that it read.
 * Each frame is a multiple of 16 bytes. A function reads the pointer only once:
 * it keeps the frame's address in a local. (AssemblyScript's shadow stack is
 * read again at the end of the function.)
 */
#ifndef WSIG_INSTRUMENT_C_STACK_H
#define WSIG_INSTRUMENT_C_STACK_H

#include "analysis/scan.h"

struct wsig_c_stack {
  bool is_found;
  uint32_t global;   /* the stack pointer */
  uint64_t start;    /* its initial value: the stack is below */
  uint32_t function; /* the first one that makes and releases a frame */
};

/** Low addresses are counted in units of 8 bytes, up to 4096. */
#define WSIG_LOW_UNIT 8
#define WSIG_LOW_UNITS 512

struct wsig_low_addresses {
  bool is_used[WSIG_LOW_UNITS]; /* an access is at a constant address there */
};

/** Reads all code once. False: the code cannot be read. */
bool wsig_c_stack_find(struct wsig_c_stack *stack,
                       struct wsig_low_addresses *low,
                       const struct wsig_scan *scan);

#endif
