/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Counts signals and says so, for a thread that raises them and looks on: each
 * handler tells the host by writing its number to a file that is the test's. */
#include <signal.h>
#include <unistd.h>

enum { FILE_OF_TEST = 99 };

static volatile sig_atomic_t is_over;

static void tell(int signal) {
  char byte = (char)signal;
  write(FILE_OF_TEST, &byte, 1);
}

static void end(int signal) {
  (void)signal;
  is_over = 1;
}

int main(void) {
  struct sigaction action = {.sa_handler = tell};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  signal(SIGTERM, end);
  tell(0);
  while (!is_over) continue;
  return 7;
}
