/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads and writes that a host ends: the host is ours, for one file. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/socket.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wasmsig/guest.h>

enum { FILE_OF_OURS = 99 };

__attribute__((import_module("wasi_snapshot_preview1"),
               import_name("fd_write"))) int32_t
host_fd_write(int32_t fd, int32_t buffers, int32_t count, int32_t size);

/* The result of the first call, and the signal that the host raises in it. */
static volatile int first, coming, calls;

static int32_t answer(int32_t size) {
  if (size) *(__wasi_size_t *)(intptr_t)size = 0;
  if (++calls > 1) return 0;
  if (coming) host_raises(coming);
  return first;
}

#define HOST(name, ...)                  \
  int32_t wsig_host_##name(__VA_ARGS__); \
  int32_t wsig_host_##name(__VA_ARGS__)

HOST(fd_read, int32_t fd, int32_t buffers, int32_t count, int32_t size) {
  (void)fd, (void)buffers, (void)count;
  return answer(size);
}

HOST(fd_write, int32_t fd, int32_t buffers, int32_t count, int32_t size) {
  if (fd != FILE_OF_OURS) return host_fd_write(fd, buffers, count, size);
  return answer(size);
}

HOST(sock_accept, int32_t fd, int32_t flags, int32_t accepted) {
  (void)fd, (void)flags;
  return answer(accepted);
}

HOST(sock_recv, int32_t fd, int32_t buffers, int32_t count, int32_t flags,
     int32_t size, int32_t flags_out) {
  (void)fd, (void)buffers, (void)count, (void)flags, (void)flags_out;
  return answer(size);
}

HOST(sock_send, int32_t fd, int32_t buffers, int32_t count, int32_t flags,
     int32_t size) {
  (void)fd, (void)buffers, (void)count, (void)flags;
  return answer(size);
}

/* Asked whether there is input: there is none. */
static volatile int waits;

HOST(poll_oneoff, int32_t in, int32_t out, int32_t count, int32_t size) {
  (void)in, (void)out, (void)count, (void)size;
  waits++;
  return __WASI_ERRNO_INTR;
}

static volatile int file_flags;

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t, int32_t);

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t fd,
                                                        int32_t to) {
  __wasi_fdstat_t *status = (void *)(intptr_t)to;
  *status = (__wasi_fdstat_t){.fs_filetype = __WASI_FILETYPE_UNKNOWN};
  if (fd == FILE_OF_OURS) status->fs_flags = (__wasi_fdflags_t)file_flags;
  return 0;
}

static char byte;

static int read_it(void) { return (int)read(FILE_OF_OURS, &byte, 1); }
static int write_it(void) { return (int)write(FILE_OF_OURS, &byte, 1); }
static int accept_it(void) { return accept(FILE_OF_OURS, NULL, NULL); }
static int recv_it(void) { return (int)recv(FILE_OF_OURS, &byte, 1, 0); }
static int send_it(void) { return (int)send(FILE_OF_OURS, &byte, 1, 0); }

static int (*const all[])(void) = {write_it, send_it, read_it, accept_it,
                                   recv_it};
enum { WRITERS = 2, ALL = 5 };

static int call(int which, int answer, int signal) {
  first = answer;
  coming = signal;
  calls = heard_count = 0;
  return all[which]();
}

static void go_on(void) {
  handle(SIGUSR1, hear, SA_RESTART);
  wasmsig_on(SIGUSR2, hear); /* is no reason to end a call either */
  for (int which = 0; which < ALL; which++) {
    CHECK(call(which, __WASI_ERRNO_INTR, SIGUSR1) == 0);
    CHECK(calls == 2 && HEARD(SIGUSR1));
    CHECK(call(which, __WASI_ERRNO_INTR, SIGUSR2) == 0);
    CHECK(calls == 2 && HEARD(SIGUSR2));
    CHECK(call(which, __WASI_ERRNO_INTR, SIGWINCH) == 0 && calls == 2);
  }
}

static void end(void) {
  handle(SIGUSR1, hear, 0);
  for (int which = 0; which < ALL; which++) {
    CHECK(fails(call(which, __WASI_ERRNO_INTR, SIGUSR1), EINTR));
    CHECK(calls == 1 && HEARD(SIGUSR1));
  }
}

static void of_no_signal(void) {
  for (int which = 0; which < ALL; which++) {
    CHECK(fails(call(which, __WASI_ERRNO_INTR, 0), EINTR));
    CHECK(calls == 1);
  }
}

static void other_errors(void) {
  handle(SIGUSR1, hear, 0);
  for (int which = 0; which < ALL; which++) {
    CHECK(fails(call(which, __WASI_ERRNO_IO, SIGUSR1), EIO));
    CHECK(calls == 1 && HEARD(SIGUSR1));
  }
}

static void pipe_has_no_reader(void) {
  signal(SIGPIPE, hear);
  for (int which = 0; which < WRITERS; which++) {
    CHECK(fails(call(which, __WASI_ERRNO_PIPE, 0), EPIPE));
    CHECK(calls == 1 && HEARD(SIGPIPE));
  }
  signal(SIGPIPE, SIG_IGN);
  for (int which = 0; which < WRITERS; which++)
    CHECK(fails(call(which, __WASI_ERRNO_PIPE, 0), EPIPE));
}

/* While a timer runs, reads wait for it, or for input: not those of a file that
 * nobody waits for. */
static void does_not_wait(void) {
  alarm(1000);
  for (int which = WRITERS; which < ALL; which++) {
    file_flags = 0;
    CHECK(fails(call(which, __WASI_ERRNO_AGAIN, 0), EINTR) && calls == 0);
    CHECK(waits == 1);
    for (int i = 0; i < 2; i++) {
      file_flags = i ? 0x800 /* of Node */ : __WASI_FDFLAGS_NONBLOCK;
      CHECK(fails(call(which, __WASI_ERRNO_AGAIN, 0), EAGAIN) && calls == 1);
    }
    CHECK(waits == 1);
    waits = 0;
  }
}

static const struct test tests[] = {
    TEST(go_on, "calls go on after handlers with SA_RESTART, and after none"),
    TEST(end, "calls end with EINTR after other handlers"),
    TEST(of_no_signal, "an EINTR of no signal is passed on"),
    TEST(other_errors, "other errors are the call's, and the handler runs"),
    TEST(does_not_wait, "a read that is not to wait does not, beside a timer"),
    TEST(pipe_has_no_reader, "writes without a reader raise SIGPIPE"),
};

int main(int argc, char **argv) { return RUN(tests); }
