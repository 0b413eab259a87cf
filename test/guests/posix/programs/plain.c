/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program of the most ordinary kind. */
#include <stdio.h>

int main(int argc, char **argv) {
  printf("hello, %s\n", argc > 1 ? argv[1] : "you");
  for (volatile int i = 0; i < 1000; i++) continue;
  return 7;
}
