/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A guest that polls in an empty loop, for instructions/fuel.c to count. */
#include <wasmsig/guest.h>

#define EXPORT(name) __attribute__((export_name(name)))

WASMSIG_GUEST_WORDS();

static int handled;

static void count(int signal) {
  (void)signal;
  handled++;
}

/* The loop stays, though it does nothing. */
EXPORT("loop") void loop(int turns) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < turns; i++) __asm__ volatile("");
}

/* The first signal that a poll returns, or 0. */
EXPORT("poll") int poll(int turns) {
  int signal = 0;
  for (int i = 0; i < turns && !signal; i++) signal = wasmsig_poll();
  return signal;
}

EXPORT("handle") void handle(int signal) { wasmsig_on(signal, count); }
EXPORT("handled") int get_handled(void) { return handled; }
