/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The compiler calls this at each edge of a kernel, where it places polls
 * (-fsanitize-coverage). With -flto it is inlined. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { wasmsig_poll(); }
