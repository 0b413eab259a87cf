/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* guest.h one call at a time: the test is the host, and writes the words. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(name) __attribute__((import_module("host"), import_name(#name)))

/** What the host does inside a handler: it may raise, throw, call back. */
IMPORT(heard) extern void host_heard(int signal);

static void heard(int signal) { host_heard(signal); }
static void heard_and_polls(int signal) {
  host_heard(signal);
  wasmsig_poll();
}

EXPORT(poll) int poll_once(void) { return wasmsig_poll(); }
EXPORT(pending) wasmsig_set pending(void) { return wasmsig_pending(); }
EXPORT(want) wasmsig_set want(wasmsig_set set) { return wasmsig_want(set); }
EXPORT(is_hosted) int is_hosted(void) { return wasmsig_is_hosted(); }

/* Which handler: 0 none, 1 calls the host, 2 also polls, 3 ignore. */
static const wasmsig_handler handlers[] = {0, heard, heard_and_polls,
                                           WASMSIG_IGNORE};

/** Returns which one stood before; -1: none of them. */
EXPORT(on) int on(int signal, int which) {
  wasmsig_handler before = wasmsig_on(signal, handlers[which]);
  for (int i = 0; i < 4; i++)
    if (handlers[i] == before) return i;
  return -1;
}
