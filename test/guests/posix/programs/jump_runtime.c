/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What clang's -wasm-enable-sjlj makes calls to, for a wasi-libc that has no
 * <setjmp.h>. Compiled without that flag: these are no callers of setjmp.
 */
#include <stdint.h>

struct jump {
  void *invocation;
  uint32_t label;
  struct {
    void *buffer;
    int value;
  } thrown;
};

void __wasm_setjmp(struct jump *, uint32_t, void *);
uint32_t __wasm_setjmp_test(struct jump *, void *);
void __wasm_longjmp(struct jump *, int);

void __wasm_setjmp(struct jump *jump, uint32_t label, void *invocation) {
  jump->invocation = invocation;
  jump->label = label;
}

uint32_t __wasm_setjmp_test(struct jump *jump, void *invocation) {
  return jump->invocation == invocation ? jump->label : 0;
}

enum { C_LONGJMP = 1 };

void __wasm_longjmp(struct jump *jump, int value) {
  jump->thrown.buffer = jump;
  jump->thrown.value = value ? value : 1;
  __builtin_wasm_throw(C_LONGJMP, &jump->thrown);
}
