/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The code section with polls put in. */
#ifndef WSIG_INSTRUMENT_CODE_H
#define WSIG_INSTRUMENT_CODE_H

#include "analysis/scan.h"
#include "rewrite/bytes.h"
#include "rewrite/offset_map.h"

#define WSIG_NO_FUNCTION UINT32_MAX

/** What is put in. */
struct wsig_plan {
  uint32_t every;   /* turns; 0: as many as each loop can bear */
  bool calls;       /* at the heads of all functions */
  uint32_t deliver; /* the function that polls call; WSIG_NO_FUNCTION: none */
  struct wsig_bytes poll; /* the instructions of one poll */
  uint32_t counter;       /* a global that counts calls, if need be */
};

/** Labels of all functions, in one order: those of polls come between. */
static inline uint64_t wsig_label(uint32_t function, uint64_t label) {
  return (uint64_t)function << 32 | label;
}

struct wsig_code {
  struct wsig_bytes payload;
  struct wsig_offset_map map;
  struct wsig_offset_map labels; /* of wsig_label() */
  uint64_t loops, polls;
  bool needs_counter; /* the plan's global */
  uint32_t too_large; /* a function that no engine would take any more */
};

/** The largest body that engines take (the JavaScript API, 8 Limits). */
#define WSIG_BODY_MAX 7654321

/** Errors: ENOMEM; 1: a function gets too large, or, if that is
 * WSIG_NO_FUNCTION, the code is not what it was. */
int wsig_code_write(struct wsig_code *code, const struct wsig_scan *scan,
                    const struct wsig_plan *plan);
void wsig_code_release(struct wsig_code *code);

#endif
