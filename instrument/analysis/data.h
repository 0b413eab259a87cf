/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the data segments of memory 0 are. */
#ifndef WSIG_INSTRUMENT_DATA_H
#define WSIG_INSTRUMENT_DATA_H

#include "analysis/scan.h"

/** Whether bytes of an active segment may be in [start, end). An address that
 * only instantiation computes may be anywhere, but not in [0, `base`). */
bool wsig_data_hits(const struct wsig_scan *scan, uint64_t start, uint64_t end,
                    uint64_t base);

/** Whether there are no segments. */
bool wsig_data_are_none(const struct wsig_scan *scan);

/** Whether there are segments, and only code copies them. */
bool wsig_data_are_passive(const struct wsig_scan *scan);

#endif
