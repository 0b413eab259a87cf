/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The stack of C code that LLVM has compiled. */
#ifndef WSIG_INSTRUMENT_STACK_H
#define WSIG_INSTRUMENT_STACK_H

#include "analysis/scan.h"

struct wsig_stack {
  uint32_t global; /* the stack pointer */
  uint64_t start;  /* its initial value: the stack is below */
};

/** Errors: 1: no stack is known for sure, and `*why` is the reason. */
int wsig_stack_find(struct wsig_stack *stack, const struct wsig_scan *scan,
                    const char **why);

/** Whether all functions use this global as compiled C code uses its stack
 * pointer (see stack_pointer_check.c). */
bool wsig_is_stack_pointer(const struct wsig_scan *scan, uint32_t global);

/** Whether nothing in the code contradicts that this global, which is named
 * __stack_pointer, is the stack pointer of compiled C. */
bool wsig_may_be_stack_pointer(const struct wsig_scan *scan, uint32_t global);

#endif
