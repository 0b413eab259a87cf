/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Accesses: which instructions read or write memory at an address. */
#ifndef WSIG_INSTRUMENT_ACCESS_H
#define WSIG_INSTRUMENT_ACCESS_H

#include "module/instruction.h"

/** Loads, stores, lanes and atomics: their address is an operand, and what
 * their offset adds. memory.fill and its like are none. */
struct wsig_access {
  unsigned above; /* operands above the address on the stack */
  bool gives;     /* puts a value there instead */
  unsigned width; /* bytes: [address + offset, + width) */
  uint64_t offset;
};

/** False: it is none. */
bool wsig_access_of(const struct wsig_instruction *instruction,
                    struct wsig_access *access);

#endif
