/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "wasi/errno.h"

#include <errno.h>
#include <stddef.h>

int32_t cli_wasi_errno(int error) {
  static const struct {
    int system;
    int32_t wasi;
  } numbers[] = {
      {EACCES, 2},
      {EAGAIN, CLI_WASI_EAGAIN},
      {EBADF, CLI_WASI_EBADF},
      {ECONNABORTED, 13},
      {ECONNRESET, 15},
      {EDESTADDRREQ, 17},
      {EDQUOT, 19},
      {EFBIG, 22},
      {EHOSTUNREACH, 23},
      {EINTR, CLI_WASI_EINTR},
      {EINVAL, CLI_WASI_EINVAL},
      {EISDIR, 31},
      {EMFILE, 33},
      {EMSGSIZE, 35},
      {ENETDOWN, 38},
      {ENETRESET, 39},
      {ENETUNREACH, 40},
      {ENFILE, 41},
      {ENOBUFS, 42},
      {ENODEV, 43},
      {ENOMEM, CLI_WASI_ENOMEM},
      {ENOSPC, 51},
      {ENOTCONN, 53},
      {ENXIO, 60},
      {EPERM, 63},
      {EPIPE, 64},
      {ESTALE, 72},
      {ETIMEDOUT, 73},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i].system == error) return numbers[i].wasi;
  return CLI_WASI_EIO;
}
