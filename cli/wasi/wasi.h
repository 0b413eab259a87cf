/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls of WASI preview 1 that may block on standard streams and clocks,
 * so that a signal can end them. Whatever is not about those is the engine's.
 */
#ifndef WASMSIG_CLI_WASI_WASI_H
#define WASMSIG_CLI_WASI_WASI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_WASI_MODULE "wasi_snapshot_preview1"

/* The memory that the guest exports, as it is during a call. */
struct cli_memory {
  uint8_t *base;
  uint64_t length;
};

/* Not ours: the engine's own function is to be called. */
#define CLI_WASI_PASS (-1)

/* A function of WASI: all of its parameters and its result are i32. */
struct cli_wasi_call {
  const char *name;
  uint32_t arity;
  /* Answers a WASI errno, or CLI_WASI_PASS. */
  int32_t (*serve)(const struct cli_memory *memory, const uint32_t *arguments);
  /* After the engine's own has answered 0; may be NULL. */
  void (*after)(const uint32_t *arguments);
};

/* proc_exit is ours too: an engine may know less statuses than a process has.
 * Both keep it until the call has unwound. */
void cli_wasi_exit(uint32_t status);
bool cli_wasi_has_exited(int *status);

#define CLI_WASI_CALLS 5
extern const struct cli_wasi_call cli_wasi_calls[CLI_WASI_CALLS];

/**
 * When the engine's monotonic clock for guests began, on CLOCK_MONOTONIC: for
 * waits until a point of it. 0 if it is the system's.
 */
void cli_wasi_set_monotonic_origin(uint64_t ns);

#endif
