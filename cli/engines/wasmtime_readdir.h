/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* fd_readdir for a guest in Wasmtime: reads a folder once, not once a call. */
#ifndef WASMSIG_CLI_ENGINES_WASMTIME_READDIR_H
#define WASMSIG_CLI_ENGINES_WASMTIME_READDIR_H

#include "wasi/wasi.h"

#include <wasmtime.h>

/**
 * fd_readdir(fd, buf, buf_len, cookie, bufused)
 *
 * Returns:   a WASI errno; or CLI_WASI_PASS to call Wasmtime's own function.
 */
int32_t cli_readdir(wasmtime_context_t *context,
                    const struct cli_memory *memory,
                    const wasmtime_val_raw_t *parameters);

/* The guest has closed the descriptor, or reused its number for another file.
 */
void cli_readdir_forget(uint32_t descriptor);

#endif
