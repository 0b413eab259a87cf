/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program for Unix, compiled by the installed wasmsig-cc. */
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stop;

static void on_signal(int number) { stop = number; }

int main(void) {
  signal(SIGXCPU, on_signal);
  while (!stop) continue;
  puts("signalled");
  return 0;
}
