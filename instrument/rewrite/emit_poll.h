/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instructions of one poll. */
#ifndef WSIG_INSTRUMENT_EMIT_POLL_H
#define WSIG_INSTRUMENT_EMIT_POLL_H

#include "rewrite/rewrite.h"

/** Writes both polls into the plan. The function `deliver` and the placement of
 * the words must be known. */
void wsig_emit_polls(struct wsig_rewriting *rewriting);

#endif
