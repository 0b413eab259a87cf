/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A process number for kill(getpid(), n), as in wasi-libc's emulation. */
#include <unistd.h>

pid_t getpid(void) { return 42; }
