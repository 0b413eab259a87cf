/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What holds of every input of the module reader, whatever it is. */
#ifndef WSIG_FUZZ_WAYS_H
#define WSIG_FUZZ_WAYS_H

#include <stddef.h>
#include <stdint.h>

/**
 * Reads the bytes from memory and in pieces, with and without polls. All ways
 * must say the same, and something that is told where it lies. Says what is
 * wrong, and aborts, if not.
 */
void ways_check(const uint8_t *bytes, size_t length);

#endif
