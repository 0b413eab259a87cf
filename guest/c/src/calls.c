/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Calls that may wait. While a guest waits it polls nothing, so each of these
 * looks for signals when the host has answered, and runs their handlers.
 *
 * A host that ends a call because of a signal answers EINTR. What the guest
 * gets then is as on Unix (signal(7), "Interruption of system calls"):
 *   - no handler was called (ignored, blocked): the call goes on;
 *   - all that were called have SA_RESTART: the call goes on, if it is not
 *     poll_oneoff;
 *   - else EINTR.
 * An EINTR for which there was no signal is passed on: to repeat it could go on
 * for ever.
 */
#include "host.h"
#include "internal.h"

#include <wasi/api.h>

struct counts {
  uint32_t taken, handled, ending;
};

static struct counts counts_now(void) {
  return (struct counts){wsig.taken, wsig.handled, wsig.ending};
}

static void look(void) {
  wsig_enter();
  if (wsig_timers_look) wsig_timers_look();
  wsig_run();
  wsig_leave();
}

/* Whether a call that the host has answered so is to be made again. */
static bool goes_on(int32_t error, struct counts before) {
  look();
  return error == __WASI_ERRNO_INTR && wsig.ending == before.ending &&
         wsig.taken != before.taken;
}

/* ------------------------------------------------------------------ reading */

enum { OURS = 0, THEIRS = 1 };

static void subscribe_to_time(__wasi_subscription_t *to, uint64_t ns) {
  *to = (__wasi_subscription_t){.u.tag = __WASI_EVENTTYPE_CLOCK};
  if (ns > WSIG_LONGEST_NS) ns = WSIG_LONGEST_NS;
  to->u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  to->u.u.clock.timeout = ns;
}

/* Answers 0 if there is something to read, EINTR if the host says so, and
 * TIMEDOUT if it tells of the time: of a signal, some hosts tell as of that.
 * Where it cannot tell of this file, the read will wait for it. */
static int32_t wait_for_input_once(int32_t fd, uint64_t left_ns) {
  __wasi_subscription_t list[2] = {0};
  __wasi_event_t events[2];
  __wasi_size_t count = 0;
  uint64_t begin_ns = wsig_wait_begins();
  subscribe_to_time(&list[0], left_ns);
  list[1].userdata = THEIRS;
  list[1].u.tag = __WASI_EVENTTYPE_FD_READ;
  list[1].u.u.fd_read.file_descriptor = fd;
  int32_t error = wsig_host_poll_oneoff(
      WSIG_ADDRESS(list), WSIG_ADDRESS(events), 2, WSIG_ADDRESS(&count));
  wsig_wait_is_over(begin_ns);
  if (error) return error == __WASI_ERRNO_INTR ? error : 0;
  for (__wasi_size_t i = 0; i < count; i++) {
    if (events[i].userdata == THEIRS) return 0;
  }
  return __WASI_ERRNO_TIMEDOUT;
}

/* Until there is something to read; EINTR if a signal came before that, or a
 * timer of ours expired. A host that counts in milliseconds tells of the time
 * too early: nothing has come then, and the wait goes on. */
static int32_t wait_for_input(int32_t fd, uint64_t deadline_ns) {
  uint32_t taken = wsig.taken;
  do {
    uint64_t now = wsig_now_ns();
    if (deadline_ns <= now) return __WASI_ERRNO_INTR;
    int32_t error = wait_for_input_once(fd, deadline_ns - now);
    if (error != __WASI_ERRNO_TIMEDOUT) return error;
  } while (wsig_see_word() == 0 && wsig.taken == taken);
  return __WASI_ERRNO_INTR;
}

static int32_t wait_to_read(int32_t fd) {
  uint64_t deadline_ns = WSIG_NEVER;
  if (wsig_timers_deadline_ns) deadline_ns = wsig_timers_deadline_ns();
  if (deadline_ns == WSIG_NEVER) return 0;
  return wait_for_input(fd, deadline_ns);
}

int32_t WSIG_LIBC(fd_read)(int32_t fd, int32_t buffers, int32_t count,
                           int32_t size) {
  struct counts before;
  int32_t error;
  do {
    before = counts_now();
    error = wait_to_read(fd);
    uint64_t begin_ns = wsig_wait_begins();
    if (!error) error = wsig_host_fd_read(fd, buffers, count, size);
    wsig_wait_is_over(begin_ns);
  } while (goes_on(error, before));
  return error;
}

int32_t WSIG_LIBC(sock_recv)(int32_t fd, int32_t buffers, int32_t count,
                             int32_t flags, int32_t size, int32_t flags_out) {
  struct counts before;
  int32_t error;
  do {
    before = counts_now();
    error = wait_to_read(fd);
    if (!error)
      error = wsig_host_sock_recv(fd, buffers, count, flags, size, flags_out);
  } while (goes_on(error, before));
  return error;
}

int32_t WSIG_LIBC(sock_accept)(int32_t fd, int32_t flags, int32_t accepted) {
  struct counts before;
  int32_t error;
  do {
    before = counts_now();
    error = wait_to_read(fd);
    if (!error) error = wsig_host_sock_accept(fd, flags, accepted);
  } while (goes_on(error, before));
  return error;
}

/* ------------------------------------------------------------------ writing */

int32_t WSIG_LIBC(fd_write)(int32_t fd, int32_t buffers, int32_t count,
                            int32_t size) {
  struct counts before;
  int32_t error;
  do {
    before = counts_now();
    error = wsig_host_fd_write(fd, buffers, count, size);
  } while (goes_on(error, before));
  return error;
}

int32_t WSIG_LIBC(sock_send)(int32_t fd, int32_t buffers, int32_t count,
                             int32_t flags, int32_t size) {
  struct counts before;
  int32_t error;
  do {
    before = counts_now();
    error = wsig_host_sock_send(fd, buffers, count, flags, size);
  } while (goes_on(error, before));
  return error;
}

/* -------------------------------------------------------------- poll_oneoff */

/* What one wait is made of: the guest's subscriptions behind one of ours, with
 * what is left of their times. Ours comes first: a host that tells of a wait
 * that a signal ended as if a time had come tells it of the first. */
struct wait {
  const __wasi_subscription_t *theirs;
  uint32_t count; /* of theirs */
  uint64_t start_ns;
  uint64_t shortest_ns;        /* of their times, if all count from the start */
  __wasi_subscription_t *list; /* one more than theirs */
  __wasi_event_t *events;      /* as many */
};

/* Differs from a guest's in that it is no address and no small number. */
#define OUR_USERDATA UINT64_C(0x7761736d73696700)

static bool is_relative(const __wasi_subscription_t *subscription) {
  return subscription->u.tag == __WASI_EVENTTYPE_CLOCK &&
         !(subscription->u.u.clock.flags &
           __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
}

/* 0: one of them is a time of day. */
static uint64_t shortest_of(const __wasi_subscription_t *list, int32_t count) {
  uint64_t shortest_ns = WSIG_NEVER;
  for (int32_t i = 0; i < count; i++) {
    if (list[i].u.tag != __WASI_EVENTTYPE_CLOCK) continue;
    uint64_t ns = is_relative(&list[i]) ? list[i].u.u.clock.timeout : 0;
    if (ns < shortest_ns) shortest_ns = ns;
  }
  return shortest_ns;
}

static void prepare(struct wait *wait, uint64_t now, uint64_t limit_ns) {
  uint64_t passed_ns = now - wait->start_ns;
  subscribe_to_time(&wait->list[0], limit_ns > now ? limit_ns - now : 0);
  wait->list[0].userdata = OUR_USERDATA;
  for (uint32_t i = 0; i < wait->count; i++) {
    __wasi_subscription_t *copy = &wait->list[i + 1];
    *copy = wait->theirs[i];
    if (!is_relative(copy)) continue;
    uint64_t timeout_ns = copy->u.u.clock.timeout;
    copy->u.u.clock.timeout =
        timeout_ns > passed_ns ? timeout_ns - passed_ns : 0;
  }
}

/* Copies their events; answers how many. Times that have not come, as of a host
 * that counts in milliseconds, are left out. */
static uint32_t their_events(const struct wait *wait, uint32_t count,
                             __wasi_event_t *out) {
  uint32_t theirs = 0;
  bool is_early = wsig_now_ns() - wait->start_ns < wait->shortest_ns;
  for (uint32_t i = 0; i < count; i++) {
    if (wait->events[i].userdata == OUR_USERDATA) continue;
    if (wait->events[i].type == __WASI_EVENTTYPE_CLOCK && is_early) continue;
    out[theirs++] = wait->events[i];
  }
  return theirs;
}

/* Whether what the host answered may come of a signal: what is theirs comes
 * early by itself. */
static bool is_of_signal(const struct wait *wait, int32_t error,
                         uint32_t count) {
  if (error) return error == __WASI_ERRNO_INTR;
  for (uint32_t i = 0; i < count; i++) {
    if (wait->events[i].userdata == OUR_USERDATA) return true;
  }
  return false;
}

static int32_t wait_once(struct wait *wait, __wasi_event_t *out,
                         __wasi_size_t *their_count) {
  __wasi_size_t count = 0;
  uint64_t limit_ns = wsig_wait_limit_ns(WSIG_NEVER);
  uint64_t now = wsig_now_ns();
  uint64_t begin_ns = wsig_wait_begins();
  prepare(wait, now, limit_ns);
  int32_t error = wsig_host_poll_oneoff(
      WSIG_ADDRESS(wait->list), WSIG_ADDRESS(wait->events),
      (int32_t)(wait->count + 1), WSIG_ADDRESS(&count));
  wsig_wait_is_over(begin_ns);
  if (is_of_signal(wait, error, count)) wsig_waited(limit_ns);
  *their_count = error ? 0 : their_events(wait, count, out);
  return error;
}

int32_t WSIG_LIBC(poll_oneoff)(int32_t in, int32_t out, int32_t count,
                               int32_t size) {
  if (count <= 0 || (!wsig_is_hosted() && !wsig.timers_run))
    return wsig_host_poll_oneoff(in, out, count, size);
  __wasi_subscription_t list[count + 1];
  __wasi_event_t events[count + 1];
  const __wasi_subscription_t *theirs = (const void *)(intptr_t)in;
  struct wait wait = {theirs,        (uint32_t)count,
                      wsig_now_ns(), shortest_of(theirs, count),
                      list,          events};
  __wasi_size_t *their_count = (void *)(intptr_t)size;
  struct counts before = counts_now();
  for (;;) {
    int32_t error = wait_once(&wait, (void *)(intptr_t)out, their_count);
    look();
    if (*their_count > 0) return 0;
    if (wsig.handled != before.handled) return __WASI_ERRNO_INTR;
    bool was_ours = error == __WASI_ERRNO_INTR && wsig.taken != before.taken;
    if (error && !was_ours) return error;
    before.taken = wsig.taken;
  }
}
