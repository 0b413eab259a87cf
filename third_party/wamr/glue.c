/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions that WAMR's runtime calls under changed names: see CMakeLists.txt.
 */
#include <stdarg.h>
#include <stdio.h>

/* A function of its wasm.h API, which is left out. It is never called: traps of
 * that API come from imports that only that API can create. */
struct wasm_trap_t;

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap);

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap) { (void)trap; }

int wasmsig_wamr_print(const char *format, va_list arguments);

/* Messages go to standard error, because standard output is the guest's. */
int wasmsig_wamr_print(const char *format, va_list arguments) {
  return vfprintf(stderr, format, arguments);
}
