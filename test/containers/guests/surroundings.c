/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints its arguments, the variable TENANT, and which files it can open. */
#include <stdio.h>
#include <stdlib.h>

static void try_to_open(const char *name, const char *mode) {
  FILE *file = fopen(name, mode);
  printf("%s: %s\n", name, file ? "open" : "not there");
}

int main(int argc, char **argv) {
  const char *tenant = getenv("TENANT");
  for (int i = 1; i < argc; i++) printf("%s\n", argv[i]);
  printf("TENANT=%s\n", tenant ? tenant : "");
  try_to_open("/data/in.txt", "r");
  try_to_open("/proc/self/mem", "r+");
  try_to_open("/proc/self/maps", "r");
  try_to_open("/data/../proc/self/mem", "r+");
  try_to_open("/dev/null", "r");
  return 0;
}
