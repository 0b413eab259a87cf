/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "load.h"

#include "../budget/common.h"

#include <stdio.h>

void read_guest(const char *name, wasm_byte_vec_t *bytes) {
  char path[512];
  snprintf(path, sizeof path, WASMSIG_BENCH_GUESTS "/%s.wasm", name);
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail_errno(path);
  long size = ftell(file);
  if (size < 0 || fseek(file, 0, SEEK_SET) != 0) fail_errno(path);
  wasm_byte_vec_new_uninitialized(bytes, (size_t)size);
  if (fread(bytes->data, 1, bytes->size, file) != bytes->size)
    fail(path, "cannot be read");
  fclose(file);
}

void check_wasmtime(wasmtime_error_t *error, const char *what) {
  if (!error) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "%.*s\n", (int)message.size, message.data);
  fail(what, "Wasmtime refuses");
}
