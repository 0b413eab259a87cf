/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * poll_oneoff, which libc's poll, select and sleeps use. It fails with EINTR if
 * a handler was called, whatever its flags are (signal(7)). Ready files are
 * returned all the same.
 *
 * No handler that runs after the beginning of the call is missed. Right before
 * the host's call, this file checks whether a poll has run a handler, or, while
 * pselect holds the state, has taken a signal. If so, it asks the host for
 * ready files without waiting.
 */
#include "host.h"
#include "internal.h"

#include <stddef.h>
#include <stdlib.h>

/* One wait: the guest's subscriptions, with the rest of their times, and before
 * them one of ours. Ours is the first because some hosts report a wait that a
 * signal ended as the end of the first time. */
struct wait {
  const __wasi_subscription_t *theirs;
  uint32_t count;   /* number of the guest's subscriptions */
  uint32_t handled; /* handlers that were called before */
  uint64_t start_ns;
  uint64_t shortest_ns;        /* their shortest time, if all are relative */
  __wasi_subscription_t *list; /* ours and the guest's */
  __wasi_event_t *events;      /* as many */
};

/* It differs from a guest's, because it is no address and no small number. */
#define OUR_USERDATA UINT64_C(0x7761736d73696700)

static bool is_relative(const __wasi_subscription_t *subscription) {
  return subscription->u.tag == __WASI_EVENTTYPE_CLOCK &&
         !(subscription->u.u.clock.flags &
           __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
}

/* 0: one of them is a time of day. */
static uint64_t shortest_of(const __wasi_subscription_t *list, uint32_t count) {
  uint64_t shortest_ns = WSIG_NEVER;
  for (uint32_t i = 0; i < count; i++) {
    if (list[i].u.tag != __WASI_EVENTTYPE_CLOCK) continue;
    uint64_t ns = is_relative(&list[i]) ? list[i].u.u.clock.timeout : 0;
    if (ns < shortest_ns) shortest_ns = ns;
  }
  return shortest_ns;
}

static void prepare(struct wait *wait, uint64_t now, uint64_t limit_ns) {
  uint64_t passed_ns = now - wait->start_ns;
  wait->list[0] =
      wsig_subscription(limit_ns > now ? limit_ns - now : 0, OUR_USERDATA);
  for (uint32_t i = 0; i < wait->count; i++) {
    __wasi_subscription_t *copy = &wait->list[i + 1];
    *copy = wait->theirs[i];
    if (!is_relative(copy)) continue;
    uint64_t timeout_ns = copy->u.u.clock.timeout;
    copy->u.u.clock.timeout =
        timeout_ns > passed_ns ? timeout_ns - passed_ns : 0;
  }
}

/* Copies the guest's events; returns how many. Events of times that are still
 * in the future, from hosts that count in milliseconds, are left out. */
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

/* Whether a signal may have caused the host's result: ready files end a wait
 * early by themselves. */
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
  /* There is no poll between here and the host's call. */
  bool is_over =
      wsig.handled != wait->handled || (wsig.pending & ~wsig.blocked) != 0;
  if (is_over) wait->list[0].u.u.clock.timeout = 0;
  int32_t error = wsig_host_poll_oneoff(
      WSIG_ADDRESS(wait->list), WSIG_ADDRESS(wait->events),
      (int32_t)(wait->count + 1), WSIG_ADDRESS(&count));
  wsig_wait_is_over(begin_ns);
  if (!is_over && is_of_signal(wait, error, count)) wsig_waited(limit_ns);
  *their_count = error ? 0 : their_events(wait, count, out);
  return error;
}

static int32_t wait_for_any(struct wait *wait, __wasi_event_t *out,
                            __wasi_size_t *their_count) {
  uint32_t taken = wsig.taken;
  for (;;) {
    int32_t error = wait_once(wait, out, their_count);
    wsig_enter();
    wsig_check();
    wsig_leave();
    if (*their_count > 0) return 0;
    if (wsig.handled != wait->handled) return __WASI_ERRNO_INTR;
    bool was_ours = error == __WASI_ERRNO_INTR && wsig.taken != taken;
    if (error && !was_ours) return error;
    taken = wsig.taken;
  }
}

/* The guest's stack has 64 KiB, and already contains a list of libc's. */
enum { FEW = 16 };

/* Without memory for the list, signals do not end the wait. */
static int32_t wait_for_many(struct wait *wait, __wasi_event_t *out,
                             __wasi_size_t *their_count) {
  size_t count = (size_t)wait->count + 1;
  char *memory = malloc(count * (sizeof *wait->list + sizeof *wait->events));
  if (!memory)
    return wsig_host_poll_oneoff(WSIG_ADDRESS(wait->theirs), WSIG_ADDRESS(out),
                                 (int32_t)wait->count,
                                 WSIG_ADDRESS(their_count));
  wait->list = (void *)memory;
  wait->events = (void *)(memory + count * sizeof *wait->list);
  int32_t error = wait_for_any(wait, out, their_count);
  free(memory);
  return error;
}

int32_t WSIG_LIBC(poll_oneoff)(int32_t in, int32_t out, int32_t count,
                               int32_t size) {
  uint32_t handled = wsig.handled; /* pselect may have entered */
  if (count < 0 || (!wsig_is_hosted() && !wsig.timers_run))
    return wsig_host_poll_oneoff(in, out, count, size);
  __wasi_subscription_t list[FEW + 1];
  __wasi_event_t events[FEW + 1];
  struct wait wait = {.theirs = (const void *)(intptr_t)in,
                      .count = (uint32_t)count,
                      .handled = handled,
                      .start_ns = wsig_now_ns(),
                      .list = list,
                      .events = events};
  wait.shortest_ns = shortest_of(wait.theirs, wait.count);
  return (count > FEW ? wait_for_many : wait_for_any)(
      &wait, (void *)(intptr_t)out, (void *)(intptr_t)size);
}
