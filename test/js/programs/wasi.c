/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A WASI program: waits for a signal, within reason, and says which came. */
#include <stdio.h>
#include <stdlib.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

static int received;

static void on_signal(int signal) { received = signal; }

int main(int count, char **arguments) {
  long most = count > 1 ? atol(arguments[1]) : 0;
  wasmsig_on(WASMSIG_SIGXCPU, on_signal);
  for (long turns = 0; !received && turns < most; turns++) wasmsig_poll();
  printf("%s: received %d\n", arguments[0], received);
  return 7;
}
