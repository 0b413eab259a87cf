/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The C part of a module in Rust: guest.h without WASMSIG_GUEST_WORDS(). */
#include <wasmsig/guest.h>

static int last;
static void remember(int signal) { last = signal; }

int c_listen(int signal) { return wasmsig_on(signal, remember) == remember; }
int c_poll(void) { return wasmsig_poll(); }
int c_last(void) { return last; }
int c_is_hosted(void) { return wasmsig_is_hosted(); }
