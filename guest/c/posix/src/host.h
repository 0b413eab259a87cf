/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The WASI calls of the host that may wait.
 *
 * wasi-libc has a function for each, and this function calls an import that
 * libc names __imported_wasi_snapshot_preview1_NAME. calls.c and poll.c define
 * functions with these names. So a call by libc reaches this library, without a
 * linker flag, and this library calls the import by the names here.
 */
#ifndef WSIG_GUEST_HOST_H
#define WSIG_GUEST_HOST_H

#include "internal.h"

#include <stdint.h>
#include <wasi/api.h>

/* The name that libc calls and that this library defines. */
#define WSIG_LIBC(name) __imported_wasi_snapshot_preview1_##name

/* Addresses are numbers here, as for the host. */
#define WSIG_CALL(name, ...)                                                 \
  __attribute__((import_module("wasi_snapshot_preview1"),                    \
                 import_name(#name))) int32_t wsig_host_##name(__VA_ARGS__); \
  int32_t WSIG_LIBC(name)(__VA_ARGS__)

WSIG_CALL(fd_read, int32_t fd, int32_t buffers, int32_t count, int32_t size);
WSIG_CALL(fd_write, int32_t fd, int32_t buffers, int32_t count, int32_t size);
WSIG_CALL(poll_oneoff, int32_t in, int32_t out, int32_t count, int32_t size);
WSIG_CALL(sock_accept, int32_t fd, int32_t flags, int32_t accepted);
WSIG_CALL(sock_recv, int32_t fd, int32_t buffers, int32_t count, int32_t flags,
          int32_t size, int32_t flags_out);
WSIG_CALL(sock_send, int32_t fd, int32_t buffers, int32_t count, int32_t flags,
          int32_t size);

#define WSIG_ADDRESS(pointer) ((int32_t)(intptr_t)(pointer))

/* For a time from now on. */
static inline __wasi_subscription_t wsig_subscription(uint64_t ns,
                                                      uint64_t userdata) {
  __wasi_subscription_t to = {.userdata = userdata,
                              .u.tag = __WASI_EVENTTYPE_CLOCK};
  to.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  to.u.u.clock.timeout = ns < WSIG_LONGEST_NS ? ns : WSIG_LONGEST_NS;
  return to;
}

#endif
