/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes modules from others. A change anywhere mostly breaks a size, and then
 * nothing after it is read. So most changes are within a section or a function,
 * whose size is then corrected.
 */
#ifndef WSIG_FUZZ_MUTATE_H
#define WSIG_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#define MUTATE_MOST ((size_t)65536)

/** Changes bytes, to at most `most` of them. Returns the new length. */
typedef size_t mutate_bytes(uint8_t *bytes, size_t length, size_t most);

/** Changes the module in place. Returns its new length, which is at most
 * `most`; that is at most MUTATE_MOST. `other`: a source of sections; may be
 * NULL. */
size_t mutate_module(uint8_t *bytes, size_t length, size_t most,
                     const uint8_t *other, size_t other_length, uint32_t seed,
                     mutate_bytes *mutate);

/** For use without a fuzzer. `mutate_seed` sets its random numbers. */
mutate_bytes mutate_plainly;
void mutate_seed(uint32_t seed);

#endif
