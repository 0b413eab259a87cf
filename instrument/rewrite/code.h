/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The code section with polls. */
#ifndef WSIG_INSTRUMENT_CODE_H
#define WSIG_INSTRUMENT_CODE_H

#include "analysis/scan.h"
#include "rewrite/bytes.h"
#include "rewrite/offset_map.h"

#define WSIG_NO_FUNCTION UINT32_MAX

/** What to insert. */
struct wsig_plan {
  uint32_t every;   /* turns; 0: as many as suits each loop */
  bool calls;       /* polls at the heads of all functions */
  uint32_t deliver; /* the function that polls call; WSIG_NO_FUNCTION: none */
  uint32_t memory;  /* with the signal word */
  struct wsig_bytes atomic, plain; /* the instructions of one poll */
};

/** The labels of all functions in one order. */
static inline uint64_t wsig_label(uint32_t function, uint64_t label) {
  return (uint64_t)function << 32 | label;
}

struct wsig_code {
  struct wsig_bytes payload;
  struct wsig_offset_map map;
  struct wsig_offset_map labels; /* from old wsig_label() to new ones */
  uint64_t loops, polls;
  uint32_t too_large; /* a function that became too large for all engines */
};

/** The largest body that engines accept (the JavaScript API, 8 Limits). */
#define WSIG_BODY_MAX 7654321

/** Errors: ENOMEM; 1: the function `too_large` became too large, or, if that is
 * WSIG_NO_FUNCTION, the code differs from what was scanned. */
int wsig_code_write(struct wsig_code *code, const struct wsig_scan *scan,
                    const struct wsig_plan *plan);
void wsig_code_release(struct wsig_code *code);

#endif
