/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The class of a linear memory: may a word in it be written at any later
 * moment, or may the memory have moved by then?
 *
 * An engine that keeps a memory in place while it grows has reserved the
 * address space behind it. So the question goes to the system: is all of
 * [base + length, base + max_length) mapped, and without access? An engine
 * that allocates and copies has no reason for such a mapping. Any doubt is
 * answered MOVABLE.
 */
#include "os/os.h"
#include "wasmsig/host.h"

bool (*wsig_mapping_at)(uintptr_t, struct wsig_mapping *) = wsig_os_mapping_at;

static bool reserved_without_access(uintptr_t from, uintptr_t to) {
  while (from < to) {
    struct wsig_mapping mapping;
    if (!wsig_mapping_at(from, &mapping)) return false;
    if (mapping.accessible) return false;
    from = mapping.end;
  }
  return true;
}

wasmsig_memory_class wasmsig_memory_classify(const void *base, uint64_t length,
                                             uint64_t max_length, bool shared) {
  uintptr_t start = (uintptr_t)base;
  if (!base || length > max_length || max_length > UINTPTR_MAX - start)
    return WASMSIG_MEMORY_MOVABLE;
  if (shared) return WASMSIG_MEMORY_SHARED;
  /* A memory that has its largest size never grows. */
  return reserved_without_access(start + length, start + max_length)
             ? WASMSIG_MEMORY_FIXED
             : WASMSIG_MEMORY_MOVABLE;
}
