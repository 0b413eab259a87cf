/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads of standard input, and writes to standard output and standard error. */
#ifndef WASMSIG_CLI_WASI_STREAMS_H
#define WASMSIG_CLI_WASI_STREAMS_H

#include "wasi/errno.h"
#include "wasi/memory.h"

/* Our standard stream (0, 1 or 2) behind the guest's descriptor, or -1. */
int cli_stream_of(uint32_t descriptor);

/* fd_read(fd, iovs, iovs_len, nread) and fd_write(fd, iovs, iovs_len,
 * nwritten). They return a WASI errno, or CLI_WASI_PASS for a descriptor that
 * is no standard stream. */
int32_t cli_streams_read(const struct cli_memory *memory,
                         const uint32_t *arguments);
int32_t cli_streams_write(const struct cli_memory *memory,
                          const uint32_t *arguments);

/* Follow fd_close(fd) and fd_renumber(from, to), when they have succeeded. */
void cli_streams_closed(const uint32_t *arguments);
void cli_streams_renumbered(const uint32_t *arguments);

#endif
