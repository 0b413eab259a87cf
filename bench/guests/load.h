/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the programs here. They end if Wasmtime returns an error. */
#ifndef BENCH_GUESTS_LOAD_H
#define BENCH_GUESTS_LOAD_H

#include <wasmtime.h>

/* Reads NAME.wasm of the benchmarks' guests. */
void read_guest(const char *name, wasm_byte_vec_t *bytes);
void check_wasmtime(wasmtime_error_t *error, const char *what);

#endif
