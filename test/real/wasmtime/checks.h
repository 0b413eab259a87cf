/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the programs of this folder share. Errors end the program. */
#ifndef CHECKS_H
#define CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wasmtime.h>

/** Ends the program with a message if `is_right` is not true. */
void check(bool is_right, const char *what);

/** Ends the program with the error's message, if there is an error. */
void check_error(wasmtime_error_t *error);

/** Whether the trap is that of a poll: it ends with `unreachable`. */
bool is_of_a_poll(wasm_trap_t *trap);

/** A 0 comes after the file's bytes. */
char *read_file(const char *path, size_t *length);

/* FNV-1a: it only has to tell results apart. */
#define DIGEST_OF_NOTHING UINT64_C(0xcbf29ce484222325)

uint64_t digest_with(uint64_t digest, const void *bytes, size_t length);

#endif
