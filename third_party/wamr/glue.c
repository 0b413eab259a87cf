/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What WAMR's runtime calls by other names than its own: see CMakeLists.txt. */
#include <stdarg.h>
#include <stdio.h>

/* Of its wasm.h API, which is left out. Never called: traps of that API come
 * from imports that only that API can make. */
struct wasm_trap_t;

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap);

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap) { (void)trap; }

int wasmsig_wamr_print(const char *format, va_list arguments);

/* What it says belongs on standard error: standard output is the guest's. */
int wasmsig_wamr_print(const char *format, va_list arguments) {
  return vfprintf(stderr, format, arguments);
}
