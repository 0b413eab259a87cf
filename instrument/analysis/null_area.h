/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_INSTRUMENT_NULL_AREA_H
#define WSIG_INSTRUMENT_NULL_AREA_H

#include "analysis/scan.h"
#include "analysis/word_placement.h"

/** Finds addresses at the beginning of memory 0 that the module's toolchain
 * leaves unused. As the finders of word_placement.c. */
int wsig_null_area_find(struct wsig_word_placement *placement,
                        const struct wsig_scan *scan, char *reason);

/** Whether it is linked when it is loaded. */
bool wsig_is_dynamic_library(const struct wsig_scan *scan);

#endif
