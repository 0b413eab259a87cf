/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that forgot WASMSIG_GUEST_WORDS(). */
#include <wasmsig/guest.h>

__attribute__((export_name("poll"))) int poll_once(void) {
  return wasmsig_poll();
}
