/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads and writes. A guest that waits executes no polls. So after the host's
 * call, each of these functions checks for signals and runs their handlers.
 *
 * A host that interrupts a call because of a signal returns EINTR. The result
 * for the guest is as on Unix (signal(7), "Interruption of system calls"):
 *   - no handler was called (ignored, blocked): the call is restarted;
 *   - all handlers that were called have SA_RESTART: the call is restarted;
 *   - otherwise EINTR.
 * An EINTR without a signal is passed on, because repeating the call might
 * never end.
 *
 * A restarted call has already begun to wait, so any signal from then on must
 * interrupt it. Therefore the state stays held until the host is called again.
 * Signals that a poll has taken in the meantime are checked right before that
 * call.
 */
#include "host.h"
#include "internal.h"

#include <stddef.h>
#include <unistd.h>

struct counts {
  uint32_t taken, ending;
};

static struct counts counts_now(void) {
  return (struct counts){wsig.taken, wsig.ending};
}

/* Whether a call with this result of the host must be repeated. If so, the
 * state is held. */
static bool goes_on(int32_t error, struct counts *before) {
  wsig_enter();
  wsig_check();
  bool again = error == __WASI_ERRNO_INTR && wsig.ending == before->ending &&
               wsig.taken != before->taken;
  before->taken = wsig.taken;
  if (!again) wsig_leave();
  return again;
}

static inline bool is_due(void) {
  return wsig.is_held && (wsig.pending & ~wsig.blocked) != 0;
}

/* ------------------------------------------------------------------ reading */

enum { OURS = 0, THEIRS = 1 };

/* Returns 0 if there is input, EINTR if the host reports it or a signal was
 * taken before, and TIMEDOUT if the host reports the end of the time. (For a
 * signal, some hosts report the end of the time.) If the host cannot wait for
 * this file, it returns 0, and the read waits. */
static int32_t wait_for_input_once(int32_t fd, uint64_t left_ns) {
  __wasi_subscription_t list[2] = {wsig_subscription(left_ns, OURS)};
  __wasi_event_t events[2];
  __wasi_size_t count = 0;
  uint64_t begin_ns = wsig_wait_begins();
  list[1].userdata = THEIRS;
  list[1].u.tag = __WASI_EVENTTYPE_FD_READ;
  list[1].u.u.fd_read.file_descriptor = fd;
  if (is_due()) return __WASI_ERRNO_INTR;
  int32_t error = wsig_host_poll_oneoff(
      WSIG_ADDRESS(list), WSIG_ADDRESS(events), 2, WSIG_ADDRESS(&count));
  wsig_wait_is_over(begin_ns);
  if (error) return error == __WASI_ERRNO_INTR ? error : 0;
  for (__wasi_size_t i = 0; i < count; i++) {
    if (events[i].userdata == THEIRS) return 0;
  }
  return __WASI_ERRNO_TIMEDOUT;
}

/* Waits until there is input. EINTR if a signal came first, or one of our
 * timers expired. A host that counts in milliseconds may report the end of the
 * time too early: then there is no signal, and the wait continues. */
static int32_t wait_for_input(int32_t fd, uint64_t deadline_ns) {
  bool has_begun = wsig.is_held; /* held by goes_on: see above */
  wsig_enter();
  if (!has_begun) wsig_run(); /* earlier signals do not interrupt the call */
  uint32_t taken = wsig.taken;
  do {
    uint64_t now = wsig_now_ns();
    if (deadline_ns <= now) return __WASI_ERRNO_INTR;
    int32_t error = wait_for_input_once(fd, deadline_ns - now);
    if (error != __WASI_ERRNO_TIMEDOUT) return error;
  } while (wsig_see_word() == 0 && wsig.taken == taken);
  return __WASI_ERRNO_INTR;
}

/* Node reports Linux' O_NONBLOCK, which is no flag of WASI. The flags of the
 * standard streams belong to all processes that share them. A program that
 * reads its input while a timer runs expects to wait. */
#define NODES_NONBLOCK 0x800

/* Whether a read must wait first. Not if the file's flags say that it never
 * waits. Our timers do not interrupt the host's read, so while one `runs`, all
 * reads wait first. A standard stream for which Node would return EAGAIN also
 * waits first when a read is restarted, even if no timer runs any more. */
static bool must_wait(int32_t fd, bool runs) {
  __wasi_fdstat_t status;
  bool again = wsig.is_held; /* held by goes_on */
  if (!runs && !again) return false;
  if (__wasi_fd_fdstat_get(fd, &status) != 0) return runs;
  if (status.fs_flags & __WASI_FDFLAGS_NONBLOCK) return false;
  if (!(status.fs_flags & NODES_NONBLOCK)) return runs;
  return fd <= STDERR_FILENO;
}

static int32_t wait_to_read(int32_t fd) {
  uint64_t deadline_ns = WSIG_NEVER;
  if (wsig_timers_deadline_ns) deadline_ns = wsig_timers_deadline_ns();
  if (!must_wait(fd, deadline_ns != WSIG_NEVER)) return 0;
  return wait_for_input(fd, deadline_ns);
}

int32_t WSIG_LIBC(fd_read)(int32_t fd, int32_t buffers, int32_t count,
                           int32_t size) {
  struct counts before = counts_now();
  int32_t error;
  do {
    error = wait_to_read(fd);
    uint64_t begin_ns = wsig_wait_begins();
    if (!error && is_due()) error = __WASI_ERRNO_INTR;
    if (!error) error = wsig_host_fd_read(fd, buffers, count, size);
    wsig_wait_is_over(begin_ns);
  } while (goes_on(error, &before));
  return error;
}

int32_t WSIG_LIBC(sock_recv)(int32_t fd, int32_t buffers, int32_t count,
                             int32_t flags, int32_t size, int32_t flags_out) {
  struct counts before = counts_now();
  int32_t error;
  do {
    error = wait_to_read(fd);
    if (!error && is_due()) error = __WASI_ERRNO_INTR;
    if (!error)
      error = wsig_host_sock_recv(fd, buffers, count, flags, size, flags_out);
  } while (goes_on(error, &before));
  return error;
}

int32_t WSIG_LIBC(sock_accept)(int32_t fd, int32_t flags, int32_t accepted) {
  struct counts before = counts_now();
  int32_t error;
  do {
    error = wait_to_read(fd);
    if (!error && is_due()) error = __WASI_ERRNO_INTR;
    if (!error) error = wsig_host_sock_accept(fd, flags, accepted);
  } while (goes_on(error, &before));
  return error;
}

/* ------------------------------------------------------------------ writing */

/* For a write that has no reader, sends SIGPIPE first. */
static int32_t signal_broken_pipe(int32_t error) {
  if (error != __WASI_ERRNO_PIPE) return error;
  wsig_enter();
  wsig_send(SIGPIPE, SI_USER, (union sigval){.sival_ptr = NULL});
  wsig_run();
  wsig_leave();
  return error;
}

int32_t WSIG_LIBC(fd_write)(int32_t fd, int32_t buffers, int32_t count,
                            int32_t size) {
  struct counts before = counts_now();
  int32_t error;
  do {
    error = __WASI_ERRNO_INTR;
    if (!is_due()) error = wsig_host_fd_write(fd, buffers, count, size);
  } while (goes_on(error, &before));
  return signal_broken_pipe(error);
}

int32_t WSIG_LIBC(sock_send)(int32_t fd, int32_t buffers, int32_t count,
                             int32_t flags, int32_t size) {
  struct counts before = counts_now();
  int32_t error;
  do {
    error = __WASI_ERRNO_INTR;
    if (!is_due()) error = wsig_host_sock_send(fd, buffers, count, flags, size);
  } while (goes_on(error, &before));
  return signal_broken_pipe(error);
}
