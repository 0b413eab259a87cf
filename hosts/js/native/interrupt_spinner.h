/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The thread that requests interrupts again and again (interrupt_spinner.c). */
#ifndef WASMSIG_INTERRUPT_SPINNER_H
#define WASMSIG_INTERRUPT_SPINNER_H

#include <stdbool.h>
#include <stdint.h>

/* A user of the thread. */
struct spinner_client {
  /* In the spinner's thread: requests an interrupt, unless one is requested, or
   * the last one ended too short a time before `now_ns`. Answers when to call
   * again; UINT64_MAX: at the next change. */
  uint64_t (*request)(struct spinner_client *client, uint64_t now_ns);
  bool is_added;
  struct spinner_client *next;
};

/* From `add` to `remove` the client's interrupts are requested, one as soon as
 * another is over. In the environment's thread. Without memory for the thread
 * `add` does nothing. */
void interrupt_spinner_add(struct spinner_client *client);
void interrupt_spinner_remove(struct spinner_client *client);

/* At the end of each interrupt: first wakes the thread and waits until it
 * spins; then, when it may request the next one, notifies it. */
void interrupt_spinner_wake(void);
void interrupt_spinner_notify(void);

#endif
