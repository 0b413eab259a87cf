/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_MEMORY_RESERVATION_H
#define WASMSIG_MEMORY_RESERVATION_H

#include "wasmsig/host.h"

/* How many bytes the engine guarantees to reserve for an unshared memory, from
 * its first byte on; 0: none, or the number is not known. */
uint64_t memory_reservation(const wasmsig_words *memory, uint64_t largest);

#endif
