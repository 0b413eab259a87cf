/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What may be asked of the operating system in a signal handler. */
#ifndef WSIG_OS_HANDLER_H
#define WSIG_OS_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads or writes a word of this process through the kernel, whatever
 * protection keys say. False, and no fault, where the kernel refuses. */
bool wsig_os_peek(const uint32_t *word, uint32_t *value);
bool wsig_os_poke(uint32_t *word, uint32_t value);

#endif
