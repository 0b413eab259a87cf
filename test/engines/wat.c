/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime's library is loaded at run time, not linked: both engines define the
 * functions of wasm.h, and a program must not mix them.
 */
#include "wat.h"

#include <dlfcn.h>
#include <wasmtime.h>

#include "engine.h"

typedef wasmtime_error_t *(*assemble)(const char *, size_t, wasm_byte_vec_t *);
typedef void (*explain)(const wasmtime_error_t *, wasm_name_t *);
typedef void (*release)(wasm_byte_vec_t *);

/* Never closed: threads of the library may run. */
static void *library(void) {
  static void *handle;
  if (handle == NULL)
    handle = dlopen(WASMSIG_TEST_WASMTIME, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(handle);
  return handle;
}

/* ISO C has no cast from an object pointer to a function pointer. */
#define FIND(function, name) *(void **)&(function) = dlsym(library(), name)

uint8_t *wat_to_wasm(const char *text, size_t *length) {
  assemble wat2wasm;
  explain message_of;
  release delete_bytes;
  FIND(wat2wasm, "wasmtime_wat2wasm");
  FIND(message_of, "wasmtime_error_message");
  FIND(delete_bytes, "wasm_byte_vec_delete");

  wasm_byte_vec_t bytes;
  wasmtime_error_t *error = wat2wasm(text, strlen(text), &bytes);
  if (error != NULL) {
    message_of(error, &bytes);
    fail_msg("%.*s", (int)bytes.size, bytes.data);
  }
  uint8_t *copy = malloc(bytes.size);
  assert_non_null(copy);
  memcpy(copy, bytes.data, bytes.size);
  *length = bytes.size;
  delete_bytes(&bytes);
  return copy;
}
