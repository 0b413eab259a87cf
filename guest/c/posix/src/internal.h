/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of the library share. */
#ifndef WSIG_GUEST_INTERNAL_H
#define WSIG_GUEST_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WSIG_LAST 64
#define WSIG_BIT(signal) (UINT64_C(1) << ((signal) - 1))
/* These cannot be blocked, ignored or handled. */
#define WSIG_UNTOUCHABLE (WSIG_BIT(SIGKILL) | WSIG_BIT(SIGSTOP))

#define WSIG_HIDDEN __attribute__((visibility("hidden")))

/* The result of a function that reports errors in errno. */
static inline int wsig_result(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

/* ------------------------------------------------------- words (words.S) */

WSIG_HIDDEN uint32_t wsig_take_word(void);
WSIG_HIDDEN uint32_t wsig_see_word(void);
WSIG_HIDDEN bool wsig_host_knows_set(void);
WSIG_HIDDEN uint64_t wsig_take_set(void);

extern volatile uint32_t __instance_signal_attention;
extern volatile int32_t wsig_polls_left;

void __instance_signal_deliver(void);
void wsig_deliver(uint32_t word);

/* The same; returns the set of signals that were delivered. */
WSIG_HIDDEN uint64_t wsig_poll(uint32_t word);

/* ------------------------------------------- state and delivery (deliver.c) */

/* The origin of a pending signal. */
struct wsig_origin {
  int code;
  union sigval value;
};

struct wsig_state {
  uint64_t pending;
  uint64_t blocked;
  struct sigaction actions[WSIG_LAST + 1];
  struct wsig_origin origins[WSIG_LAST + 1];
  uint32_t taken;   /* how many signals were taken so far */
  uint32_t handled; /* how many handlers were called so far */
  uint32_t ending;  /* of these, those that interrupt a blocking call */
  bool is_held;     /* see deliver.c */
  bool has_set;     /* the host is known to use the pending set */
  bool timers_run;  /* polls must check the clocks */
};

/* Volatile: polls change it, and the compiler does not know of them. */
extern volatile struct wsig_state wsig WSIG_HIDDEN;

/* Between these two, polls change nothing but `pending`. */
WSIG_HIDDEN void wsig_enter(void);
WSIG_HIDDEN void wsig_leave(void);

/* The functions below require wsig_enter before them. */

/* Takes the signals that the host has raised. */
WSIG_HIDDEN void wsig_take(void);

WSIG_HIDDEN void wsig_send(int signal, int code, union sigval value);

/* Runs the handlers of signals that are pending and not blocked. */
WSIG_HIDDEN void wsig_run(void);

/* The same, after sending the signals of expired timers. */
WSIG_HIDDEN void wsig_check(void);

/* Takes the lowest pending signal of `wanted`; 0 if there is none. */
WSIG_HIDDEN int wsig_accept(uint64_t wanted, siginfo_t *info);

WSIG_HIDDEN bool wsig_is_ignored(int signal);

/* Whether the host has zeroed the words, so that signals may come. */
WSIG_HIDDEN bool wsig_is_hosted(void);

/* ----------------------------------------- <wasmsig/guest.h> (guest.c) */

/* The handler that wasmsig_on has set; SIG_DFL: none. */
WSIG_HIDDEN void (*wsig_guest_handler(int signal))(int);

/* Notes that a poll took a signal, or the value that no host has zeroed. */
WSIG_HIDDEN void wsig_guest_saw(bool is_unhosted);

/* --------------------------------------------------------- timers (timer.c) */

#define WSIG_NEVER UINT64_MAX
/* Eleven days. Engines add it to the time of day, so it must not be larger. */
#define WSIG_LONGEST_NS UINT64_C(1000000000000000)

/* Weak: a program without timers is linked without these. */

/* Sends the signals of the timers that have expired. */
__attribute__((weak)) WSIG_HIDDEN void wsig_check_timers(void);

/* When ITIMER_REAL expires, on the monotonic clock; or WSIG_NEVER. */
__attribute__((weak)) WSIG_HIDDEN uint64_t wsig_timers_deadline_ns(void);

/* ---------------------------------------------------------- clock (clock.c) */

WSIG_HIDDEN uint64_t wsig_now_ns(void);
WSIG_HIDDEN uint64_t wsig_cpu_ns(void);
WSIG_HIDDEN bool wsig_clock_ns(uint32_t clock, uint64_t *ns);

/* Call these around a call that waits, because waiting is no CPU time. */
WSIG_HIDDEN uint64_t wsig_wait_begins(void);
WSIG_HIDDEN void wsig_wait_is_over(uint64_t begin_ns);

/* ----------------------------------------------------------- waits (wait.c) */

/* Waits until `deadline_ns` (or WSIG_NEVER), for a signal, or slightly less. It
 * does not wait if a signal of `wanted` is pending, or one that is not blocked.
 * Requires wsig_enter. */
WSIG_HIDDEN void wsig_wait(uint64_t deadline_ns, uint64_t wanted);

/* For other functions that wait: the maximum duration, and a note that the wait
 * is over, if nothing but this time or a signal can have ended it. */
WSIG_HIDDEN uint64_t wsig_wait_limit_ns(uint64_t deadline_ns);
WSIG_HIDDEN void wsig_waited(uint64_t limit_ns);

#endif
