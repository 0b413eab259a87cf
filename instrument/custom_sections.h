/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_INSTRUMENT_CUSTOM_SECTIONS_H
#define WSIG_INSTRUMENT_CUSTOM_SECTIONS_H

#include "rewrite/rewrite.h"

/** Rewrites the custom sections: the section "name" by rewrite/, debug
 * information by dwarf/. Errors: ENOMEM. */
int wsig_rewrite_custom_sections(struct wsig_rewriting *rewriting);

#endif
