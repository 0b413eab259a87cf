/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts of V8, which decide about a kill (interrupts.c). */
#ifndef WASMSIG_INTERRUPTS_H
#define WASMSIG_INTERRUPTS_H

#include "engine.h"

/* Under the engine's lock: requests one, unless it is requested already. */
void interrupt_request(struct engine *engine);

/* For the spinner: the same, with a pause after the last interrupt. */
uint64_t interrupt_request_again(struct spinner_client *client,
                                 uint64_t now_ns);

#endif
