/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What holds of every module that polls are put into. */
#ifndef WSIG_FUZZ_INSTRUMENTED_H
#define WSIG_FUZZ_INSTRUMENTED_H

#include <stddef.h>
#include <stdint.h>

/**
 * Instruments the bytes in some way. What comes out must be a module whose
 * instances can be tracked, with as many polls as are told and all that the old
 * one had; or something is told that is wrong. Says what is not so, and aborts.
 */
void instrumented_check(const uint8_t *bytes, size_t length);

#endif
