/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The properties of the module reader for every input. */
#ifndef WSIG_FUZZ_WAYS_H
#define WSIG_FUZZ_WAYS_H

#include <stddef.h>
#include <stdint.h>

/**
 * Reads the bytes from memory and in pieces, with and without polls. All
 * results must be equal, and each fault must have its offset. Otherwise this
 * prints the failed property, and aborts.
 */
void ways_check(const uint8_t *bytes, size_t length);

#endif
