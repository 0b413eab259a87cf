/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux: clocks without a system call. */
#ifndef WSIG_OS_LINUX_VDSO_H
#define WSIG_OS_LINUX_VDSO_H

#include <stdbool.h>
#include <time.h>

typedef int (*wsig_clock_function)(clockid_t clock, struct timespec *now);

/* The kernel's own clock_gettime(2); NULL if there is none. Not in a handler.
 */
wsig_clock_function wsig_os_vdso_clock(void);

/* Whether the function reads the kernel's monotonic time. */
bool wsig_os_is_kernels_clock(wsig_clock_function function);

#endif
