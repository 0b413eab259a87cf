/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A loop that replaces a guest: it polls a word of its memory, and reads the
 * CPU clock of its thread when it first sees a signal there.
 *
 * Each contender has its own word. All words are in one memory, and the same
 * loop polls them, so that no contender has an advantage.
 */
#ifndef BENCH_BUDGET_GUEST_H
#define BENCH_BUDGET_GUEST_H

#include "common.h"

#include <stdatomic.h>

typedef _Atomic(uint32_t) word;

struct guest {
  char *memory;
  wasmsig_registry *registry; /* which has this instance and no other */
  word *signal;               /* wasmsig's */
  word *timer_word;           /* of a kernel timer's handler */
  word *plain_word;           /* of a plain watchdog */
};

void guest_create(struct guest *guest);
void guest_destroy(struct guest *guest);

/* Spins until a signal is in that word, and takes it. Returns the thread's CPU
 * time at that moment; -1 if no signal came until `give_up`. */
int64_t guest_spin(word *signal, int64_t give_up);

/* For the contenders. */
void word_store(word *to, uint32_t value);

#endif
