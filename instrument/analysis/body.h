/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the function bodies of the code section, one after the other.
 *
 *     struct wsig_bodies bodies;
 *     struct wsig_body body;
 *     wsig_bodies_open(&bodies, scan);
 *     while (wsig_bodies_next(&bodies, &body))
 *       while (wsig_body_instruction(&bodies, &body, &instruction)) ...
 *
 * Offsets are relative to the payload of the section.
 */
#ifndef WSIG_INSTRUMENT_BODY_H
#define WSIG_INSTRUMENT_BODY_H

#include "analysis/scan.h"
#include "module/instruction.h"

/** Opcodes that the module reader does not need by name. */
enum {
  WSIG_OP_CALL = 0x10,
  WSIG_OP_GLOBAL_SET = 0x24,
  WSIG_OP_MEMORY_SIZE = 0x3f,
  WSIG_OP_MEMORY_GROW = 0x40,
  WSIG_OP_I32_AND = 0x71,
  WSIG_OP_I32_SHL = 0x74,
  WSIG_OP_I64_AND = 0x83,
};

struct wsig_bodies {
  struct wsig_cursor cursor;
  const struct wsig_scan *scan;
  uint32_t next, count; /* indices of functions, imported ones first */
};

struct wsig_body {
  uint32_t function;
  uint32_t parameters;
  uint64_t start;    /* where its size is */
  uint64_t contents; /* after the size: the groups of locals */
  uint64_t groups;   /* after the number of groups */
  uint64_t code;     /* the first instruction */
  uint64_t end;
  uint32_t group_count;
  uint64_t locals; /* without the parameters */
};

void wsig_bodies_open(struct wsig_bodies *bodies, const struct wsig_scan *scan);
/** False: there are no more, or the cursor has failed. Read all instructions of
 * the previous body first. */
bool wsig_bodies_next(struct wsig_bodies *bodies, struct wsig_body *body);
/** False: the body has ended, or the cursor has failed. */
bool wsig_body_instruction(struct wsig_bodies *bodies,
                           const struct wsig_body *body,
                           struct wsig_instruction *instruction);

/** Whether one of the remaining instructions satisfies `is_one`. Also false if
 * the cursor fails. */
bool wsig_bodies_have(struct wsig_bodies *bodies,
                      bool (*is_one)(const struct wsig_instruction *,
                                     const void *context),
                      const void *context);

#endif
