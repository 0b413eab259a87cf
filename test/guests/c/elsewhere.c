/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Another file of a program with guest.h: C, and C++. */
#include <wasmsig/guest.h>

#ifdef __cplusplus
extern "C"
#endif
    __attribute__((export_name("poll_elsewhere"))) int
    poll_elsewhere(void) {
  return wasmsig_poll();
}
