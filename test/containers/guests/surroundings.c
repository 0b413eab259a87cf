/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints its arguments, the variable TENANT, and whether its own file is there.
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  const char *tenant = getenv("TENANT");
  for (int i = 1; i < argc; i++) printf("%s\n", argv[i]);
  printf("TENANT=%s\n", tenant ? tenant : "");
  FILE *file = fopen("/app.wasm", "r");
  if (file) printf("/app.wasm is there\n");
  return file == NULL;
}
