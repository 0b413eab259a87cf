/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* It declares that it handles SIGTERM, and never polls. */
#include <wasmsig/guest.h>

#include "begins.h"

WASMSIG_GUEST_WORDS();
static void on_signal(int signal) { (void)signal; }

int main(void) {
  wasmsig_on(WASMSIG_SIGTERM, on_signal);
  SAYS("busy");
  for (volatile unsigned i = 0;; i++) continue;
}
