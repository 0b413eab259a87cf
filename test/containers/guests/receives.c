/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Busy until SIGTERM or SIGXCPU arrives, which it answers. */
#include <wasmsig/guest.h>

#include "begins.h"

WASMSIG_GUEST_WORDS();
static volatile int received;
static void on_signal(int signal) { received = signal; }

int main(void) {
  wasmsig_on(WASMSIG_SIGTERM, on_signal);
  wasmsig_on(WASMSIG_SIGXCPU, on_signal);
  SAYS("busy");
  while (!received) wasmsig_poll();
  if (received == WASMSIG_SIGTERM) SAYS("received SIGTERM");
  if (received == WASMSIG_SIGXCPU) SAYS("received SIGXCPU");
  return 3;
}
