/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The function that polls call: __instance_signal_deliver. */
#ifndef WSIG_INSTRUMENT_DELIVER_H
#define WSIG_INSTRUMENT_DELIVER_H

#include "analysis/scan.h"

/** deliver: WSIG_NO_FUNCTION: the module has none. Errors: 1: it has one that
 * cannot be called, and *why. */
int wsig_deliver_find(uint32_t *deliver, const struct wsig_scan *scan,
                      const char **why);

#endif
