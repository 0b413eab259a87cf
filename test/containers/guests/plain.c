/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* It knows nothing of signals. */
#include "begins.h"

int main(void) {
  SAYS("busy");
  for (volatile unsigned i = 0;; i++) continue;
}
