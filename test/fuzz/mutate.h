/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Modules made out of others. Bytes that change anywhere mostly break a size,
 * and nothing behind it is ever looked at: so most changes are made within a
 * section, or a function, whose size is written anew.
 */
#ifndef WSIG_FUZZ_MUTATE_H
#define WSIG_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#define MUTATE_MOST ((size_t)65536)

/** Changes bytes somehow, up to `most` of them: how many there are then. */
typedef size_t mutate_bytes(uint8_t *bytes, size_t length, size_t most);

/** Changes the module in place: its length then, at most `most`, which is at
 * most MUTATE_MOST. `other`: one to take sections from; may be NULL. */
size_t mutate_module(uint8_t *bytes, size_t length, size_t most,
                     const uint8_t *other, size_t other_length, uint32_t seed,
                     mutate_bytes *mutate);

/** Where no fuzzer gives a better one; `mutate_seed` sets what it draws. */
mutate_bytes mutate_plainly;
void mutate_seed(uint32_t seed);

#endif
