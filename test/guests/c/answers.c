/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The same exports as the guests in Rust and AssemblyScript: answers.test.mjs.
 */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define EXPORT(name) __attribute__((export_name(#name)))

static unsigned times;
static void count(int signal) {
  (void)signal;
  times++;
}

/** The loop of the README; returns how many polls it took. */
EXPORT(until_xcpu) unsigned until_xcpu(void) {
  unsigned polls = 1;
  while (wasmsig_poll() != WASMSIG_SIGXCPU) polls++;
  return polls;
}

EXPORT(poll_once) int poll_once(void) { return wasmsig_poll(); }
EXPORT(hosted) int hosted(void) { return wasmsig_is_hosted(); }
EXPORT(listen) void listen(int signal) { wasmsig_on(signal, count); }
EXPORT(heard) unsigned heard(void) { return times; }
