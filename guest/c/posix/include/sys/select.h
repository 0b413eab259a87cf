/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* wasi-libc's <sys/select.h>, with a pselect that uses its mask. */
#pragma GCC system_header
#include_next <sys/select.h>

#ifndef _WASMSIG_SYS_SELECT_H
#define _WASMSIG_SYS_SELECT_H

#ifdef __cplusplus
extern "C" {
#endif

int pselect(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict,
            const struct timespec *__restrict,
            const sigset_t *__restrict) __asm__("wasmsig_pselect");

#ifdef __cplusplus
}
#endif

#endif
