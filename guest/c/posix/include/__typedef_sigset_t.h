/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Replaces wasi-libc's file with this name, whose set has one byte. */
#pragma GCC system_header
#ifndef __wasilibc___typedef_sigset_t_h
#define __wasilibc___typedef_sigset_t_h

typedef struct {
  unsigned long long __bits; /* bit n-1 is signal n */
} sigset_t;

#endif
