/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Error numbers of WASI preview 1. */
#ifndef WASMSIG_CLI_WASI_ERRNO_H
#define WASMSIG_CLI_WASI_ERRNO_H

#include <stdint.h>

enum {
  CLI_WASI_SUCCESS = 0,
  CLI_WASI_EAGAIN = 6,
  CLI_WASI_EBADF = 8,
  CLI_WASI_EFAULT = 21,
  CLI_WASI_EINTR = 27,
  CLI_WASI_EINVAL = 28,
  CLI_WASI_EIO = 29,
  CLI_WASI_ENOMEM = 48,
  CLI_WASI_ENOTSUP = 58,
};

/* No error number: the engine's own function must serve the call. */
#define CLI_WASI_PASS (-1)

/* Translates an errno that a read or a write of a file, pipe, terminal or
 * socket can fail with, or EMFILE or ENFILE. Any other becomes CLI_WASI_EIO. */
int32_t cli_wasi_errno(int error);

#endif
