/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Modules are text. Wasmtime's assembler serves both engines. */
#ifndef WASMSIG_TEST_WAT_H
#define WASMSIG_TEST_WAT_H

#include <stddef.h>
#include <stdint.h>

/* The module's bytes, to be freed. Fails the test if the text is wrong. */
uint8_t *wat_to_wasm(const char *text, size_t *length);

#endif
