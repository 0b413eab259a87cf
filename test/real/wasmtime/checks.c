/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "checks.h"

#include <stdio.h>
#include <stdlib.h>

void check(bool is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "Error: %s\n", what);
  exit(1);
}

void check_error(wasmtime_error_t *error) {
  wasm_name_t message;
  if (error == NULL) return;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "Error: %.*s\n", (int)message.size, message.data);
  exit(1);
}

bool is_of_a_poll(wasm_trap_t *trap) {
  wasmtime_trap_code_t code = 0;
  return wasmtime_trap_code(trap, &code) &&
         code == WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED;
}

char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  check(file != NULL, "a file cannot be opened");
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  fseek(file, 0, SEEK_SET);
  char *bytes = malloc(*length + 1);
  check(bytes != NULL && fread(bytes, 1, *length, file) == *length,
        "a file cannot be read");
  bytes[*length] = '\0';
  fclose(file);
  return bytes;
}

uint64_t digest_with(uint64_t digest, const void *bytes, size_t length) {
  const uint8_t *next = bytes;
  for (size_t i = 0; i < length; i++)
    digest = (digest ^ next[i]) * UINT64_C(0x100000001b3);
  return digest;
}
