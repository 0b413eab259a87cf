/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A number for kill(getpid(), n): the one of wasi-libc's emulation. */
#include <unistd.h>

pid_t getpid(void) { return 42; }
