/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A thread-local, with guest.h in the file and without it. */
#ifdef WITH_GUEST_H
#include <wasmsig/guest.h>
WASMSIG_GUEST_WORDS();
__attribute__((export_name("until_told"))) int until_told(void) {
  int signal;
  while (!(signal = wasmsig_poll())) continue;
  return signal;
}
#endif

static _Thread_local int mine = 3;

__attribute__((export_name("own"))) int own(void) { return mine++; }
