/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether everything that hosts/workerd uses is in an executable, found as in a
 * running one, but read from its file: also for another processor.
 * check_binary FILE: a line for each slot, with its address; else what is
 * missing, and status 1.
 */
#include "binary/image.h"
#include "binary/runtime.h"

#include <inttypes.h>
#include <stdio.h>

static int complain(const char *problem) {
  fprintf(stderr, "%s\n", problem);
  return 1;
}

int main(int argc, char **argv) {
  struct wkd_image image;
  if (argc != 2) return 2;
  if (!wkd_image_open_file(&image, argv[1]))
    return complain("it has no symbols");
  const char *problem = wkd_runtime_find(&image);
  if (problem) return complain(problem);
  for (int i = 0; i < WKD_SLOTS; i++) {
    uint64_t address;
    const char *method = wkd_runtime_slot((enum wkd_slot)i, &address);
    if (address != 0) printf("%" PRIx64 " %s\n", address, method);
  }
  wkd_image_close(&image);
  return 0;
}
