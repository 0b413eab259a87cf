/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fatal.h"

#include <stdio.h>
#include <unistd.h>

void wkd_fatal(const char *reason) {
  fprintf(stderr, "wasmsig: workerd's limits: %s\n", reason);
  _exit(1);
}
