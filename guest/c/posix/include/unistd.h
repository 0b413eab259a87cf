/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* wasi-libc's <unistd.h> with the functions that need signals. */
#pragma GCC system_header

/* This library has a getpid, so it is not deprecated. */
#ifndef _WASI_EMULATED_GETPID
#define _WASI_EMULATED_GETPID
#endif
#include_next <unistd.h>

#ifndef _WASMSIG_UNISTD_H
#define _WASMSIG_UNISTD_H

#ifdef __cplusplus
extern "C" {
#endif

unsigned alarm(unsigned);
int pause(void);
#if defined(_GNU_SOURCE) || defined(_BSD_SOURCE) || \
    (defined(_XOPEN_SOURCE) && _XOPEN_SOURCE + 0 < 700)
unsigned ualarm(unsigned, unsigned);
#endif

#ifdef __cplusplus
}
#endif

#endif
