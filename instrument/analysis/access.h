/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory accesses: which instructions read or write memory at an address. */
#ifndef WSIG_INSTRUMENT_ACCESS_H
#define WSIG_INSTRUMENT_ACCESS_H

#include "module/instruction.h"

/** An access by a load, store, lane or atomic instruction. Its address is an
 * operand plus an offset. memory.fill and similar instructions are none. */
struct wsig_access {
  unsigned above; /* operands above the address on the stack */
  bool gives;     /* whether it replaces these operands by a result */
  unsigned width; /* bytes: [address + offset, + width) */
  uint64_t offset;
};

/** False: it is no such instruction. */
bool wsig_access_of(const struct wsig_instruction *instruction,
                    struct wsig_access *access);

#endif
