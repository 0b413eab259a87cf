/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The properties of every instrumented module. */
#ifndef WSIG_FUZZ_INSTRUMENTED_H
#define WSIG_FUZZ_INSTRUMENTED_H

#include <stddef.h>
#include <stdint.h>

/**
 * Instruments the bytes with some options. The result must be a module whose
 * instances can be tracked, with the reported number of polls and everything
 * that the old module had; or a reason must be reported. Otherwise this prints
 * the failed property, and aborts.
 */
void instrumented_check(const uint8_t *bytes, size_t length);

#endif
