/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints its arguments, or takes memory: prints.wasm take MIB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("%s\n", argv[i]);
  if (argc < 3 || strcmp(argv[1], "take") != 0) return 0;
  size_t size = strtoul(argv[2], NULL, 10) << 20;
  char *block = malloc(size);
  if (!block) return 1;
  memset(block, 1, size);
  printf("taken\n");
  return block[size / 2] != 1;
}
