/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What WAMR's runtime names of its wasm.h API, which is left out. Never called:
 * traps of that API come from imports that only that API can make.
 */
struct wasm_trap_t;

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap);

void wasmsig_wamr_trap_delete(struct wasm_trap_t *trap) { (void)trap; }
