/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* fd_readdir for a guest in Wasmtime. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_READDIR_H
#define WASMSIG_CLI_ENGINES_WASMTIME_READDIR_H

#include "wasi/wasi.h"

#include <wasmtime.h>

/**
 * fd_readdir(fd, buf, buf_len, cookie, bufused)
 *
 * Returns:   a WASI errno; CLI_WASI_PASS: Wasmtime's own is to be called.
 */
int32_t cli_folders_read(wasmtime_context_t *context,
                         const struct cli_memory *memory,
                         const wasmtime_val_raw_t *parameters);

/* The guest has closed the descriptor, or given its number to another file. */
void cli_folders_forget(uint32_t descriptor);

#endif
