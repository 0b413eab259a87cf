/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The class of a linear memory: may a word in it be written at any later
 * moment, or may the memory have moved by then?
 *
 * An engine that keeps a memory in place while it grows has reserved the
 * address space after it, and says so. The mappings after the memory do not
 * prove it: guard regions and other memories' reservations are also mapped
 * without access. They can only disprove it. So the class is FIXED if
 *  1. the engine guarantees the reservation up to the largest size, and
 *  2. all of [base + length, base + max_length) is mapped without access
 * or if the memory cannot grow further. In any doubt it is MOVABLE.
 */
#include "os/os.h"
#include "wasmsig/host.h"

static bool is_without_access(uintptr_t from, uintptr_t to) {
  while (from < to) {
    struct wsig_mapping mapping;
    if (!wsig_mapping_at(from, &mapping)) return false;
    if (mapping.protection) return false;
    from = mapping.end;
  }
  return true;
}

wasmsig_memory_class wasmsig_memory_classify(const void *base, uint64_t length,
                                             uint64_t max_length,
                                             uint64_t reserved, bool shared) {
  uintptr_t start = (uintptr_t)base;
  if (!base || length > max_length || max_length > UINTPTR_MAX - start)
    return WASMSIG_MEMORY_MOVABLE;
  if (shared) return WASMSIG_MEMORY_SHARED;
  if (length == max_length) return WASMSIG_MEMORY_FIXED;
  return reserved >= max_length &&
                 is_without_access(start + length, start + max_length)
             ? WASMSIG_MEMORY_FIXED
             : WASMSIG_MEMORY_MOVABLE;
}
