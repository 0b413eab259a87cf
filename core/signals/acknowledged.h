/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* When a guest has acknowledged a signal. For walks: raise.c, query.c. */
#ifndef WSIG_ACKNOWLEDGED_H
#define WSIG_ACKNOWLEDGED_H

#include "atomics.h"

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t wsig_bit_of(uint32_t signal) {
  return UINT64_C(1) << (signal - 1);
}

/* Whether the guest has not acknowledged the signal since its last raise. It
 * does so by the word, or by the pending set (docs/explanation/protocol.md).
 * `word` may be NULL. */
static inline bool wsig_still_waits(uint32_t signal, const uint32_t *word,
                                    bool has_set, bool in_set) {
  if (has_set && !in_set) return false;
  if (!word) return has_set;
  uint32_t now = wsig_load_relaxed(word);
  /* With a set, the word may hold another signal by now. */
  return has_set ? now != 0 : now == signal;
}

#endif
