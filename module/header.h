/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_MODULE_HEADER_H
#define WSIG_MODULE_HEADER_H

#include "cursor.h"

/** Reads the magic number and the version. Returns whether a core module
 * follows; if not, the cursor has failed with the verdict. */
bool wsig_read_header(struct wsig_cursor *cursor);

#endif
