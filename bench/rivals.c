/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Rivals: see rivals.h. Simple, but not slow on purpose: the same stores, in
 * the same order, with the same memory ordering as the registry's. */
#include "rivals.h"

static void store_release(uint32_t *to, uint32_t value) {
  __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

void array_raise(struct array *array, uint32_t signal) {
  for (size_t i = 0; i < array->count; i++)
    store_release(array->signal[i], signal);
}

void array_raise_counted(struct array *array, uint32_t signal) {
  __atomic_fetch_add(&array->walks, 1, __ATOMIC_SEQ_CST);
  array_raise(array, signal);
  __atomic_fetch_sub(&array->walks, 1, __ATOMIC_RELEASE);
}

void count_in_and_out(struct array *array) {
  __atomic_fetch_add(&array->walks, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_sub(&array->walks, 1, __ATOMIC_RELEASE);
}

void full_array_raise(struct full_array *array, uint32_t signal) {
  uint64_t bit = UINT64_C(1) << (signal - 1);
  for (size_t i = 0; i < array->count; i++) {
    struct places at = array->places[i];
    if (__atomic_load_n(at.terminated, __ATOMIC_RELAXED)) continue;
    __atomic_fetch_or(at.pending, bit, __ATOMIC_RELEASE);
    store_release(at.signal, signal);
  }
}

void list_raise(struct list *list, uint32_t signal) {
  for (struct node *node = list->first; node; node = node->next)
    store_release(node->signal, signal);
}

void list_add(struct list *list, struct node *node) {
  node->next = list->first;
  list->first = node;
}

void list_filter(struct list *list, const struct node *out) {
  struct node **link = &list->first;
  while (*link) {
    if (*link == out)
      *link = out->next;
    else
      link = &(*link)->next;
  }
}
