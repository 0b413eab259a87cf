/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The function that polls call: __instance_signal_deliver. */
#ifndef WSIG_INSTRUMENT_DELIVER_H
#define WSIG_INSTRUMENT_DELIVER_H

#include "analysis/scan.h"

/** Sets *deliver, to WSIG_NO_FUNCTION if the module has no such function.
 * Errors: 1: it has one that polls cannot call, and `*why` is the reason. */
int wsig_deliver_find(uint32_t *deliver, const struct wsig_scan *scan,
                      const char **why);

#endif
