/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instructions of one poll. */
#ifndef WSIG_INSTRUMENT_EMIT_POLL_H
#define WSIG_INSTRUMENT_EMIT_POLL_H

#include "rewrite/rewrite.h"

/** Puts them into the plan, whose function of delivery is known, as the room
 * for words is. */
void wsig_emit_poll(struct wsig_rewriting *rewriting);

#endif
