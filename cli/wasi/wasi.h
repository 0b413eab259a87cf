/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls of WASI preview 1 that may block on standard streams and clocks,
 * served so that a signal can end them. The engine serves all other calls.
 *
 * An engine's own functions wait where no signal reaches them (Wasmtime reads
 * standard input in a thread of its own), and may buffer output. Here each call
 * is a system call of the guest's thread, which waits in cli_wait first. The
 * wait ends when the guest receives a signal. Output is complete when the call
 * returns.
 *
 * A call that a signal ends returns EINTR. The exception is a wait for clocks
 * alone: it returns as if its time had passed, because nanosleep of wasi-libc
 * and Rust's sleep expect no error; the latter panics. The guest polls its
 * signal word after either.
 *
 * Layouts and numbers: WASI preview 1, witx/wasi_snapshot_preview1.witx.
 */
#ifndef WASMSIG_CLI_WASI_WASI_H
#define WASMSIG_CLI_WASI_WASI_H

#include "wasi/errno.h"
#include "wasi/memory.h"

#define CLI_WASI_MODULE "wasi_snapshot_preview1"

/* A function of WASI whose parameters and result are all i32. */
struct cli_wasi_call {
  const char *name;
  uint32_t arity;
  /* Returns a WASI errno, or CLI_WASI_PASS. */
  int32_t (*serve)(const struct cli_memory *memory, const uint32_t *arguments);
  /* To be called after the engine's own function has returned 0; or NULL. */
  void (*after)(const uint32_t *arguments);
};

#define CLI_WASI_CALLS 5
extern const struct cli_wasi_call cli_wasi_calls[CLI_WASI_CALLS];

/* proc_exit is served here too, as an engine may support fewer statuses than a
 * process. The status is kept until the call has unwound. */
void cli_wasi_exit(uint32_t status);
bool cli_wasi_has_exited(int *status);

#endif
