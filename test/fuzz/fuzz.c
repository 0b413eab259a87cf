/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The module reader and the instrumenter for libFuzzer: see run. */
#include "instrumented.h"
#include "mutate.h"
#include "ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most,
                               unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_length,
                                 const uint8_t *other, size_t other_length,
                                 uint8_t *out, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  ways_check(bytes, length);
  instrumented_check(bytes, length);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most,
                               unsigned seed) {
  return mutate_module(bytes, length, most, NULL, 0, seed, LLVMFuzzerMutate);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_length,
                                 const uint8_t *other, size_t other_length,
                                 uint8_t *out, size_t most, unsigned seed) {
  if (one_length > most) one_length = most;
  if (one_length > 0) __builtin_memcpy(out, one, one_length);
  return mutate_module(out, one_length, most, other, other_length, seed,
                       LLVMFuzzerMutate);
}
