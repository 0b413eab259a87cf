/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A loop that stands for a guest: it polls a word of its memory, and reads the
 * CPU clock of its thread when it first sees a signal there.
 *
 * There is a word for each who may tell it something. All lie in one memory and
 * one loop polls them, so that none is at an advantage.
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

/* Spins until a signal is in that word, and takes it. Answers the thread's CPU
 * time when it was seen; -1 if none had come by `give_up`. */
int64_t guest_spin(word *signal, int64_t give_up);

/* For those who tell it. */
void word_store(word *to, uint32_t value);

#endif
