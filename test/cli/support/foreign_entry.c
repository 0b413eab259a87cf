/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes a compiled file one of another version of Wasmtime, with a valid
 * checksum:
 *
 *     foreign_entry FILE
 *
 * Wasmtime's version is the first number after the header of the ELF file.
 */
#include "compiled/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ELF_HEADER = 64 };

static struct cli_bytes copy_of(struct cli_bytes bytes) {
  uint8_t *copy = malloc(bytes.length);
  if (!copy) exit(EXIT_FAILURE);
  return (struct cli_bytes){memcpy(copy, bytes.start, bytes.length),
                            bytes.length};
}

static void change_version(uint8_t *code) {
  uint8_t *at = code + ELF_HEADER;
  while (!isdigit(*at)) at++;
  *at = *at == '9' ? '8' : *at + 1;
}

int main(int argc, char **argv) {
  struct cli_compiled old;
  if (argc != 2 || cli_compiled_open(&old, argv[1], CLI_WRITERS_OURS))
    return EXIT_FAILURE;
  struct cli_bytes code = copy_of(old.code), module = copy_of(old.module),
                   name = copy_of(old.name);
  change_version((uint8_t *)(uintptr_t)code.start);
  cli_compiled_close(&old);
  int file = open(argv[1], O_WRONLY | O_TRUNC | O_CLOEXEC);
  bool is_written = file >= 0 && cli_compiled_write(file, code, module, name);
  return is_written && close(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
