/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wakes one thread that sleeps until a time. Calls do not add up: a thread that
 * is woken twice before it sleeps does not sleep once. Zero is a whole one.
 *
 * As sem_post(3) and sem_clockwait(3), but musl and glibc before 2.30 do not
 * have the latter.
 */
#ifndef WASMSIG_CLI_PROCESS_WAKE_H
#define WASMSIG_CLI_PROCESS_WAKE_H

#include <stdint.h>

struct cli_wake {
  uint32_t called; /* atomic: 0 or 1 */
};

#define CLI_EVER UINT64_MAX

/* What was stored before is visible to the thread that it wakes. Signal
 * handlers: yes; errno does not change. */
void cli_wake_up(struct cli_wake *wake);

/* Sleeps until a cli_wake_up() that no other sleep has used, or until this time
 * of the monotonic clock. May also return earlier, for no reason. For one
 * thread at a time. */
void cli_wake_sleep(struct cli_wake *wake, uint64_t until_ns);

#endif
