/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * For programs that use <wasmsig/guest.h> too: what its functions share. Each
 * file that includes it brings a weak one, and this one wins, as all that
 * delivers needs this file. A handler set by wasmsig_on is called where
 * signal(2) has set nothing, and wasmsig_poll() runs those of signal(2). What
 * wasmsig_want asks for ends nobody.
 */
#define WASMSIG_GUEST_IS_DEFINED_HERE
#include <wasmsig/guest.h>

#include "internal.h"

/* A poll by hand is one like the others, and tells the newest signal that it
 * has delivered: the lowest if the word came late, or names a blocked one. */
static int deliver(void) {
  uint32_t word = wsig_take_word();
  uint64_t set = wsig_poll(word);
  if (set == 0) return 0;
  bool has_word = word >= 1 && word <= WSIG_LAST && (set & WSIG_BIT(word));
  return has_word ? (int)word : __builtin_ctzll(set) + 1;
}

struct wasmsig_guest wasmsig_guest = {.deliver = deliver};

/* For wasmsig_is_hosted(). */
void wsig_guest_saw(bool is_unhosted) {
  if (is_unhosted) wasmsig_guest.saw_unhosted = 1;
  wasmsig_guest.saw_signal = !is_unhosted;
}

bool wsig_is_hosted(void) { return wasmsig_is_hosted(); }

void (*wsig_guest_handler(int signal))(int) {
  wasmsig_handler handler = wasmsig_guest.handlers[signal];
  if (!handler && wasmsig_guest.wanted & WASMSIG_BIT(signal)) return SIG_IGN;
  return handler == WASMSIG_IGNORE ? SIG_IGN : handler;
}
