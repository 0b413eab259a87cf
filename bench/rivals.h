/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What one would write instead of a registry: the baselines of registry.c. None
 * of them may be changed while it is walked; that is what they save.
 *
 * They are in a file of their own so that the compiler can make no more of
 * them in the measuring loop than of a call into the library.
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

/* The same between two locked additions: an array that says it is walked. */
void array_raise_counted(struct array *array, uint32_t signal);

/* The two additions, and no array. */
void count_in_and_out(struct array *array);

/* An array of all three words. */
struct full_array {
  struct places *places;
  size_t count;
};

/* Passes by who is terminated; ORs the signal's bit into the set; stores. */
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

/* Keeps every node but that one, looking at all of them. */
void list_filter(struct list *list, const struct node *out);

#endif
