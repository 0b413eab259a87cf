/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The stack of C code that LLVM compiled. */
#ifndef WSIG_INSTRUMENT_STACK_H
#define WSIG_INSTRUMENT_STACK_H

#include "analysis/scan.h"

struct wsig_stack {
  uint32_t global; /* the stack pointer */
  uint64_t start;  /* its value at the start: the stack lies below */
};

/** 1: none is known for sure, and *why. */
int wsig_stack_find(struct wsig_stack *stack, const struct wsig_scan *scan,
                    const char **why);

/** Whether the code keeps to this global as compiled C keeps to its stack
 * pointer, in every function (see
 * stack_pointer_check.c). */
bool wsig_is_stack_pointer(const struct wsig_scan *scan, uint32_t global);

/** Whether the code does nothing that compiled C does not do to what is called
 * its stack pointer. */
bool wsig_may_be_stack_pointer(const struct wsig_scan *scan, uint32_t global);

#endif
