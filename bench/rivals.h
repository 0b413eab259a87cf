/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Simple data structures in place of a registry: the baselines of registry.c.
 * None of them may be changed while it is walked; this makes them cheaper.
 *
 * They are in a file of their own, so that the compiler cannot inline them into
 * the measuring loop, as it cannot inline a call into the library.
 */
#ifndef BENCH_RIVALS_H
#define BENCH_RIVALS_H

#include <stddef.h>
#include <stdint.h>

/* Where an instance has its words. */
struct places {
  uint32_t *signal;
  uint32_t *terminated;
  uint64_t *pending;
};

/* An array of pointers to signal words. */
struct array {
  uint32_t **signal;
  size_t count;
  uint64_t walks; /* for array_raise_counted */
};

/* Stores the signal's number into every word. */
void array_raise(struct array *array, uint32_t signal);

/* The same between two locked additions, which show that a walk runs. */
void array_raise_counted(struct array *array, uint32_t signal);

/* The two additions, and no array. */
void count_in_and_out(struct array *array);

/* An array of all three words. */
struct full_array {
  struct places *places;
  size_t count;
};

/* Skips terminated instances; ORs the signal's bit into the set; stores. */
void full_array_raise(struct full_array *array, uint32_t signal);

/* A singly linked list. */
struct node {
  struct node *next;
  uint32_t *signal;
};
struct list {
  struct node *first;
};

void list_raise(struct list *list, uint32_t signal);
void list_add(struct list *list, struct node *node);

/* Removes that node by a walk over all nodes. */
void list_filter(struct list *list, const struct node *out);

#endif
