/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program for Unix, by wasmsig-cc from where it was installed. */
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stop;

static void on_signal(int number) { stop = number; }

int main(void) {
  signal(SIGXCPU, on_signal);
  while (!stop) continue;
  puts("told");
  return 0;
}
