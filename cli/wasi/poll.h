/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_WASI_POLL_H
#define WASMSIG_CLI_WASI_POLL_H

#include "wasi/errno.h"
#include "wasi/memory.h"

/* poll_oneoff(in, out, nsubscriptions, nevents). Returns a WASI errno, or
 * CLI_WASI_PASS. */
int32_t cli_poll(const struct cli_memory *memory, const uint32_t *arguments);

/* Sets the start of the engine's monotonic clock, on CLOCK_MONOTONIC, for waits
 * with an absolute time. Until then both clocks are the same. */
void cli_poll_set_monotonic_origin(uint64_t ns);

#endif
