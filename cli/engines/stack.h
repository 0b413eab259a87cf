/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_ENGINES_STACK_H
#define WASMSIG_CLI_ENGINES_STACK_H

#include <stddef.h>

/**
 * How many bytes the stack of the main thread may still grow, by its limit
 * (RLIMIT_STACK), below the caller's frame. SIZE_MAX: there is no limit.
 *
 * Threads:   the main thread.
 */
size_t cli_stack_left(void);

#endif
