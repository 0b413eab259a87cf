/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * For programs that also use <wasmsig/guest.h>: the state that its functions
 * share. Each file that includes the header contains a weak one. This one is
 * strong and replaces it, because everything that delivers needs this file. A
 * handler set by wasmsig_on is called if signal(2) has set none, and
 * wasmsig_poll() runs handlers of signal(2). Signals named by wasmsig_want do
 * not end the program.
 */
#define WASMSIG_GUEST_IS_DEFINED_HERE
#include <wasmsig/guest.h>

#include "internal.h"

/* A poll by hand works as any poll. It returns the newest signal that it has
 * delivered: the lowest one if the word names none of them. */
static int deliver(void) {
  uint32_t word = wsig_take_word();
  uint64_t set = wsig_poll(word);
  if (set == 0) return 0;
  bool has_word = word >= 1 && word <= WSIG_LAST && (set & WSIG_BIT(word));
  return has_word ? (int)word : __builtin_ctzll(set) + 1;
}

struct wasmsig_guest wasmsig_guest = {.deliver = deliver};

/* State for wasmsig_is_hosted(). */
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
