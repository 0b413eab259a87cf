/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program for `wasmsig run`, without a libc: it computes until it receives a
 * signal. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

struct bytes {
  const char *start;
  unsigned length;
};

#define WASI(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

WASI(fd_write)
int fd_write(int descriptor, const struct bytes *all, unsigned count,
             unsigned *written);

static int signalled;
static void remember(int signal) { signalled = signal; }

__attribute__((export_name("_start"))) void start(void) {
  static const struct bytes text = {"signalled\n", 10};
  unsigned written;
  wasmsig_on(WASMSIG_SIGXCPU, remember);
  while (!signalled) wasmsig_poll();
  fd_write(1, &text, 1, &written);
}
