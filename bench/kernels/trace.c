/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the compiler calls at each edge of a kernel, if it is to place polls
 * (-fsanitize-coverage). With -flto it is inlined. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { wasmsig_poll(); }
