/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An entry begins with the memory, a kj::Array; then come the addresses of the
 * words, each a kj::Maybe<uint32_t>; the pointer to the next entry is last. The
 * self-test compares this with what the runtime makes (selftest.c).
 */
#include "tracked_list.h"

#include "atomics.h"
#include "binary/runtime.h"

#include <stddef.h>

struct maybe_address {
  bool is_set;
  uint32_t value;
};

struct entry {
  struct wkd_array memory;
  struct maybe_address signal;
  union {
    struct {
      uint32_t address;
      const struct entry *next;
    } terminated; /* WKD_LAYOUT_TERMINATED */
    struct {
      struct maybe_address address;
      const void *handle;
      const struct entry *next;
    } optional; /* WKD_LAYOUT_OPTIONAL */
  } rest;
};

/* Acquire: the entry is complete before it is in the list. */
static const struct entry *first(const void *list) {
  return wsig_load_acquire((const struct entry *const *)list);
}

static const struct entry *next(const struct entry *entry) {
  return wkd_runtime.layout == WKD_LAYOUT_TERMINATED
             ? wsig_load_acquire(&entry->rest.terminated.next)
             : wsig_load_acquire(&entry->rest.optional.next);
}

/* NULL: it has no such word, or one that no atomic access can reach. */
static uint32_t *word(const struct entry *entry, struct maybe_address at) {
  if (!at.is_set || entry->memory.size < sizeof(uint32_t) ||
      at.value > entry->memory.size - sizeof(uint32_t))
    return NULL;
  uintptr_t address = (uintptr_t)entry->memory.elements + at.value;
  return address % sizeof(uint32_t) == 0 ? (uint32_t *)address : NULL;
}

static uint32_t *signal_word(const struct entry *entry) {
  return word(entry, entry->signal);
}

static uint32_t *terminated_word(const struct entry *entry) {
  if (wkd_runtime.layout == WKD_LAYOUT_OPTIONAL)
    return word(entry, entry->rest.optional.address);
  struct maybe_address at = {true, entry->rest.terminated.address};
  return word(entry, at);
}

uint64_t wkd_list_raise(const void *list, uint32_t signal) {
  uint64_t reached = 0;
  for (const struct entry *e = first(list); e; e = next(e)) {
    uint32_t *at = signal_word(e);
    const uint32_t *terminated = terminated_word(e);
    if (!at || (terminated && wsig_load_relaxed(terminated) != 0)) continue;
    /* Release: the guest sees what was stored before (host.h, raise). */
    wsig_store_release(at, signal);
    reached++;
  }
  return reached;
}

uint64_t wkd_list_clear(const void *list, uint32_t signal) {
  uint64_t cleared = 0;
  for (const struct entry *e = first(list); e; e = next(e)) {
    uint32_t *at = signal_word(e);
    uint32_t expected = signal;
    if (at && wsig_cas_relaxed(at, &expected, 0)) cleared++;
  }
  return cleared;
}

uint64_t wkd_list_terminate(const void *list) {
  uint64_t reached = 0;
  for (const struct entry *e = first(list); e; e = next(e)) {
    uint32_t *at = terminated_word(e);
    if (!at) continue;
    wsig_store_release(at, 1);
    reached++;
  }
  return reached;
}
