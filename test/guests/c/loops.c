/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Loops that hold a poll and nothing else: no store, no call, nothing that
 * would keep a compiler or an engine from lifting a plain load out of them.
 * Compiled as C and as C++, by every compiler with all its optimisations.
 */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#ifdef __cplusplus
#define EXPORT(name) extern "C" __attribute__((export_name(#name), noinline))
#else
#define EXPORT(name) __attribute__((export_name(#name), noinline))
#endif

/** Returns the signal that ended it. */
EXPORT(until_told) int until_told(void) {
  for (;;) {
    int signal = wasmsig_poll();
    if (signal) return signal;
  }
}

static int stop;
static void on_signal(int signal) { stop = signal; }

/** The same by a handler, which the compiler can see through. */
EXPORT(until_handled) int until_handled(int signal) {
  wasmsig_on(signal, on_signal);
  for (stop = 0; !stop;) wasmsig_poll();
  wasmsig_on(signal, 0);
  return stop;
}

/** A poll two loops deep, and how often the outer one came round. */
EXPORT(until_told_inside) int until_told_inside(unsigned turns) {
  for (;;)
    for (unsigned i = 0; i < turns; i++) {
      int signal = wasmsig_poll();
      if (signal) return signal;
    }
}

EXPORT(poll) int poll_once(void) { return wasmsig_poll(); }
EXPORT(is_hosted) int is_hosted(void) { return wasmsig_is_hosted(); }
EXPORT(pending) wasmsig_set pending(void) { return wasmsig_pending(); }
